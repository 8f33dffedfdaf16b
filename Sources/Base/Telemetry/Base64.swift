// Base64 with the standard alphabet and padding (RFC 4648, section 4), as interval logs carry it.

enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let digit = Int(word >> UInt32(18 - 6 * position)) & 0x3f
                text.append(position <= group.count ? alphabet[digit] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whole groups only; bits that padding leaves over must be zero, so that one text is one value.
    static func decode(_ text: some StringProtocol) throws(HistogramError) -> [UInt8] {
        let characters = Array(text.utf8)
        guard characters.count % 4 == 0 else { throw .notBase64(offset: characters.count) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        for start in stride(from: 0, to: characters.count, by: 4) {
            let isLast = start + 4 == characters.count
            let digits = characters[start..<start + 4]
            let padded = isLast ? digits.reversed().prefix(2).prefix { $0 == padding }.count : 0
            var word: UInt32 = 0
            for offset in start..<start + 4 - padded {
                word = word << 6 | (try value(of: characters[offset], at: offset))
            }
            word <<= UInt32(6 * padded)
            for shift in stride(from: 16, through: UInt32(8 * padded), by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
            guard word & ((1 << UInt32(8 * padded)) - 1) == 0 else {
                throw .notBase64(offset: start + 3 - padded)
            }
        }
        return bytes
    }

    private static func value(of digit: UInt8, at offset: Int) throws(HistogramError) -> UInt32 {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: throw .notBase64(offset: offset)
        }
    }
}
