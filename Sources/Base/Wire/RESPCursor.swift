// The reading side that values and commands share: a place in a span, stepping over RESP's parts.
//
// Every step returns nil when the bytes run out before its end, and throws as soon as the bytes that
// are there can no longer become valid. A length is checked against its limit before its bytes
// arrive, so a hostile header cannot make anyone wait for, or reserve, gigabytes.

struct RESPCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private let limits: RESPLimits
    private(set) var index = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, limits: RESPLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func value(levelsLeft: Int) throws(RESPError) -> RESPValue? {
        guard let type = peek() else { return nil }
        switch type {
        case UInt8(ascii: "+"): return try text().map { .simple($0) }
        case UInt8(ascii: "-"): return try text().map { .error($0) }
        case UInt8(ascii: ":"): return try number().map { .integer($0) }
        case UInt8(ascii: "$"):
            guard let length = try bulkLength() else { return nil }
            return length < 0 ? .null : try content(length).map { .bulk($0) }
        case UInt8(ascii: "*"):
            guard let count = try arrayCount() else { return nil }
            return count < 0 ? .null : try elements(count, levelsLeft: levelsLeft)
        default: throw RESPError(.unexpectedByte(type), at: index)
        }
    }

    private mutating func elements(
        _ count: Int, levelsLeft: Int
    ) throws(RESPError) -> RESPValue? {
        guard levelsLeft > 0 else {
            throw RESPError(.tooDeep(depthMax: limits.depthMax), at: index)
        }
        var elements: [RESPValue] = []
        // The shortest value takes four bytes, so a large count alone reserves nothing.
        elements.reserveCapacity(min(count, (bytes.count - index) / 4))
        for _ in 0..<count {
            guard let element = try value(levelsLeft: levelsLeft - 1) else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }

    /// The bulk string under the cursor, where nothing but a bulk string may stand.
    mutating func argument() throws(RESPError) -> [UInt8]? {
        guard let type = peek() else { return nil }
        guard type == UInt8(ascii: "$") else { throw RESPError(.unexpectedByte(type), at: index) }
        let start = index
        guard let length = try bulkLength() else { return nil }
        guard length >= 0 else { throw RESPError(.malformedNumber, at: start) }
        return try content(length)
    }

    /// The count behind `*`, or -1 for the null array.
    mutating func arrayCount() throws(RESPError) -> Int? {
        let start = index
        guard let count = try number() else { return nil }
        guard count >= -1 else { throw RESPError(.malformedNumber, at: start) }
        guard count <= limits.elementsMax else {
            throw RESPError(.arrayTooLong(elementsMax: limits.elementsMax), at: start)
        }
        return Int(count)
    }

    func peek() -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    /// The length behind `$`, or -1 for the null bulk string.
    private mutating func bulkLength() throws(RESPError) -> Int? {
        let start = index
        guard let length = try number() else { return nil }
        guard length >= -1 else { throw RESPError(.malformedNumber, at: start) }
        guard length <= limits.bulkBytesMax else {
            throw RESPError(.bulkTooLong(bytesMax: limits.bulkBytesMax), at: start)
        }
        return Int(length)
    }

    private mutating func content(_ length: Int) throws(RESPError) -> [UInt8]? {
        let end = index + length
        if end < bytes.count, bytes[end] != 0x0D { throw RESPError(.malformedLineEnd, at: end) }
        guard end + 1 < bytes.count else { return nil }
        guard bytes[end + 1] == 0x0A else { throw RESPError(.malformedLineEnd, at: end + 1) }
        let content = [UInt8](copying: bytes.extracting(index..<end))
        index = end + 2
        return content
    }

    /// The number on the line under the cursor, behind its type byte.
    private mutating func number() throws(RESPError) -> Int64? {
        let start = index + 1
        // A sign and nineteen digits are the longest number; more can only be an attack.
        guard let end = try lineEnd(from: start, bytesMax: 20, tooLong: .malformedNumber) else {
            return nil
        }
        guard let value = bytes.extracting(start..<end).decimalValue else {
            throw RESPError(.malformedNumber, at: start)
        }
        index = end + 2
        return value
    }

    private mutating func text() throws(RESPError) -> String? {
        let start = index + 1
        let bytesMax = limits.lineBytesMax
        guard
            let end = try lineEnd(
                from: start, bytesMax: bytesMax, tooLong: .lineTooLong(bytesMax: bytesMax))
        else { return nil }
        guard let text = String(utf8: bytes.extracting(start..<end)) else {
            throw RESPError(.malformedUTF8, at: start)
        }
        index = end + 2
        return text
    }

    /// Where the line's carriage return is, once its line feed has arrived too.
    private func lineEnd(
        from start: Int, bytesMax: Int, tooLong: RESPError.Reason
    ) throws(RESPError) -> Int? {
        var end = start
        while end < bytes.count, bytes[end] != 0x0D {
            guard bytes[end] != 0x0A else { throw RESPError(.malformedLineEnd, at: end) }
            guard end - start < bytesMax else { throw RESPError(tooLong, at: start) }
            end += 1
        }
        guard end + 1 < bytes.count else { return nil }
        guard bytes[end + 1] == 0x0A else { throw RESPError(.malformedLineEnd, at: end + 1) }
        return end
    }
}
