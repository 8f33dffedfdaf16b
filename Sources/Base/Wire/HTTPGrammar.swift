// The character classes of HTTP (RFC 9110 section 5.6, RFC 9112 section 3), one test a byte.

enum HTTPGrammar {
    /// One bit for each token character: letters, digits and !#$%&'*+-.^_`|~
    private static let tokensBelow64: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokensFrom64: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// `tchar` of RFC 9110 section 5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits = byte < 64 ? tokensBelow64 : tokensFrom64
        return bits >> UInt64(byte & 63) & 1 == 1
    }

    static func isToken(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where !isToken(text[index]) { return false }
        return !text.isEmpty
    }

    /// What a field value may hold: no control characters but the tab (RFC 9110 section 5.5).
    static func isFieldValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == 0x09
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// A byte of a request target: visible ASCII, and no fragment, which is never sent.
    static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    /// One of the four forms of RFC 9112 section 3.2.
    static func isTarget(_ target: Span<UInt8>, of method: Span<UInt8>) -> Bool {
        guard !target.isEmpty else { return false }
        for index in target.indices where !isTarget(target[index]) { return false }
        if target[0] == UInt8(ascii: "/") { return true }
        if target.equals("*") { return method.equals("OPTIONS") }
        return method.equals("CONNECT") || authority(of: target) != nil
    }

    /// Where the host and port of an absolute-form target stand.
    static func authority(of target: Span<UInt8>) -> Range<Int>? {
        let secure = target.count > 8 && target.extracting(first: 8).equalsIgnoringCase("https://")
        let plain = target.count > 7 && target.extracting(first: 7).equalsIgnoringCase("http://")
        guard secure || plain else { return nil }
        let start = secure ? 8 : 7
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?")
        {
            end += 1
        }
        return end > start ? start..<end : nil
    }

    /// Calls back with each element of a comma-separated list, white space taken off.
    static func forEachElement(of list: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        for index in 0...list.count {
            guard index == list.count || list[index] == UInt8(ascii: ",") else { continue }
            body(list.extracting(trimmed(start..<index, in: list)))
            start = index + 1
        }
    }

    /// The range less the white space at both its ends.
    static func trimmed(_ range: Range<Int>, in text: Span<UInt8>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isSpace(text[start]) { start += 1 }
        while start < end, isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }
}
