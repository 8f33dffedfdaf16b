// Decimal integers as Redis reads and prints them. Its parser is stricter than most: no plus sign, no
// leading zero, no space, and nothing outside 64 bits, so that a counter's text has exactly one form.

enum Decimal {
    /// `nil` unless the bytes are the one canonical spelling of an `Int64`.
    static func parse(_ bytes: Span<UInt8>) -> Int64? {
        let negative = bytes.count > 0 && bytes[0] == UInt8(ascii: "-")
        let start = negative ? 1 : 0
        guard bytes.count > start, bytes.count - start <= 19 else { return nil }
        guard bytes[start] != UInt8(ascii: "0") else {
            return bytes.count == 1 ? 0 : nil
        }
        // Built below zero, because the negative range is the larger by one.
        var number: Int64 = 0
        for index in start..<bytes.count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (tens, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.subtractingReportingOverflow(Int64(digit))
            guard !tooLarge, !overflow else { return nil }
            number = sum
        }
        guard !negative else { return number }
        return number == .min ? nil : -number
    }

    static func append(_ number: Int64, to bytes: inout [UInt8]) {
        let digits = DecimalDigits(number)
        for index in digits.span.indices { bytes.append(digits.span[index]) }
    }
}

/// A number's text, without a block on the heap.
struct DecimalDigits {
    private var digits = InlineArray<20, UInt8>(repeating: 0)
    private var first = 20

    init(_ number: Int64) {
        var rest = number.magnitude
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        guard number < 0 else { return }
        first -= 1
        digits[first] = UInt8(ascii: "-")
    }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { digits.span.extracting(droppingFirst: first) }
    }
}
