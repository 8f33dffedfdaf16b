// The few moves every codec here makes with bytes: copy a span out, read it as text, write a number.
//
// Decoders look at `Span<UInt8>` and copy only what they keep; encoders append to one array that
// the caller owns and reuses. Nothing in this file builds a `String` on the way to bytes.

package extension [UInt8] {
    /// Copies the bytes a span looks at, because the span may not outlive its source.
    init(copying span: Span<UInt8>) {
        self = []
        append(copying: span)
    }

    mutating func append(copying span: Span<UInt8>) {
        // A span offers no sequence to append from; the pointer does not leave the closure.
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends the text's UTF-8 in one copy.
    mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends carriage return and line feed, the line end of HTTP and RESP.
    mutating func appendLineEnd() {
        append(0x0D)
        append(0x0A)
    }

    /// Appends the number in base ten, without a `String` in between.
    mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    mutating func append(decimal number: Int) {
        append(decimal: Int64(number))
    }

    mutating func append(decimal number: UInt64) {
        let zero = UInt8(ascii: "0")
        var digits = 1
        var above = number / 10
        while above > 0 {
            digits += 1
            above /= 10
        }
        append(contentsOf: repeatElement(zero, count: digits))
        var rest = number
        var index = count - 1
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            self[index] = zero + UInt8(truncatingIfNeeded: digit)
            rest = quotient
            index -= 1
        }
    }

    /// Appends the number in base sixteen, lower case, no prefix and no leading zeros.
    mutating func append(hexadecimal number: Int) {
        precondition(number >= 0, "sizes are not negative")
        let highestBit = number == 0 ? 0 : Int.bitWidth - 1 - number.leadingZeroBitCount
        var shift = highestBit / 4 * 4
        while shift >= 0 {
            append(Self.hexadecimalDigit(UInt8((number >> shift) & 0xF)))
            shift -= 4
        }
    }

    static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value - 10)
    }
}

package extension String {
    /// The bytes as text, or nil when they are not well-formed UTF-8.
    init?(utf8 span: Span<UInt8>) {
        guard let valid = try? UTF8Span(validating: span) else { return nil }
        self.init(copying: valid)
    }

    /// The bytes as text, with U+FFFD in place of whatever is not UTF-8; for people to read.
    init(repairing span: Span<UInt8>) {
        if let text = String(utf8: span) {
            self = text
        } else {
            self = String(decoding: [UInt8](copying: span), as: UTF8.self)
        }
    }
}

package extension Span<UInt8> {
    /// True when the bytes are exactly this text's UTF-8.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // The literal's bytes live as long as the program.
        let start = unsafe text.utf8Start
        for index in indices where unsafe self[index] != start[index] { return false }
        return true
    }

    /// True when the bytes are this ASCII text, in upper or lower case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // The literal's bytes live as long as the program.
        let start = unsafe text.utf8Start
        for index in indices where unsafe self[index].lowercased != start[index].lowercased {
            return false
        }
        return true
    }

    /// True when both spans are the same ASCII text, in upper or lower case.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index].lowercased != other[index].lowercased {
            return false
        }
        return true
    }

    /// The whole span as a base ten number: digits with an optional minus sign, nothing else.
    var decimalValue: Int64? {
        guard let first = isEmpty ? nil : self[0] else { return nil }
        let negative = first == UInt8(ascii: "-")
        var index = negative ? 1 : 0
        guard index < count, count - index <= 19 else { return nil }
        // Counting downwards reaches Int64.min, which has no positive twin.
        var value: Int64 = 0
        while index < count {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (next, underflowed) = scaled.subtractingReportingOverflow(Int64(digit))
            guard !overflowed, !underflowed else { return nil }
            value = next
            index += 1
        }
        if negative { return value }
        return value == .min ? nil : -value
    }
}

package extension UInt8 {
    /// The value of this hexadecimal digit in either case, or nil for any other byte.
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The byte, with ASCII capitals turned small and all others as they are.
    var lowercased: UInt8 {
        self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self
    }
}
