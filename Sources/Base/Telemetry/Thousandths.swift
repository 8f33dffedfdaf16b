// Numbers with three decimals, as interval logs hold seconds and milliseconds. Written by integer
// arithmetic: a Double of seconds since 1970 has no digits to spare.

enum Thousandths {
    /// `value / divisor` rounded to three decimals, halves up.
    static func text(_ value: Int64, dividedBy divisor: Int64) -> String {
        precondition(value >= 0 && divisor > 0 && divisor <= Int64.max / 2000)
        let rest = (value % divisor * 1000 + divisor / 2) / divisor
        let whole = value / divisor + rest / 1000
        let decimals = String(rest % 1000)
        return "\(whole)." + String(repeating: "0", count: 3 - decimals.utf8.count) + decimals
    }

    /// Seconds written with any number of decimals, to the nanosecond; nil when it is no such number.
    static func nanoseconds(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : "0"
        let isNumber = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isNumber, let whole = parts.first.flatMap({ Int64($0) }) else { return nil }
        let padded = decimals.prefix(9) + String(repeating: "0", count: max(0, 9 - decimals.count))
        guard let fraction = Int64(padded) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(fraction)
        return overflow || carry ? nil : sum
    }
}
