// Figures as people read them, the same in every report. Shares are cut, never rounded: a share that
// is not whole must not be printed as 100%.

package enum Quantity {
    /// Three digits and a unit, as `251ms` or `1.25s`.
    package static func duration(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        if nanoseconds < 0 { return "-" + duration(-nanoseconds) }
        for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000)]
            as [(String, Int64)]
        where nanoseconds >= size {
            return decimal(nanoseconds, per: size) + unit
        }
        return "\(nanoseconds)ns"
    }

    /// A share with its counts, as `99.93% (27981 of 28000)`.
    package static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "none" }
        return "\(percent(part, of: whole)) (\(part) of \(whole))"
    }

    /// A percentage cut to three places, without trailing zeros.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "none" }
        return fraction(Int64(part) * 100_000 / Int64(whole), places: 3) + "%"
    }

    /// A whole number of 10^-places, without trailing zeros.
    package static func fraction(_ scaled: Int64, places: Int) -> String {
        var digits = String(scaled.magnitude)
        if digits.utf8.count <= places {
            digits = String(repeating: "0", count: places + 1 - digits.utf8.count) + digits
        }
        var tail = digits.suffix(places)
        while tail.last == "0" { tail.removeLast() }
        let whole = digits.dropLast(places)
        return (scaled < 0 ? "-" : "") + whole + (tail.isEmpty ? "" : "." + tail)
    }

    /// `value / size` with three significant digits, or all digits before the point.
    private static func decimal(_ value: Int64, per size: Int64) -> String {
        let whole = value / size
        let places = whole >= 100 ? 0 : whole >= 10 ? 1 : 2
        let scale: Int64 = places == 0 ? 1 : places == 1 ? 10 : 100
        let scaled = whole * scale + (value % size) * scale / size
        return places == 0 ? String(whole) : fraction(scaled, places: places)
    }
}
