// Values of RESP2, the protocol of Redis: what a server answers, and all that flows between tiers
// that are not HTTP. Source: "Redis serialization protocol specification", redis.io.
//
//     +OK\r\n            simple string        :12\r\n          integer
//     -ERR why\r\n       error                $3\r\nabc\r\n    bulk string, any bytes
//     $-1\r\n *-1\r\n    null                 *2\r\n...        array of two values

package enum RESPValue: Hashable, Sendable {
    /// Text without line ends; an encoder replaces any by spaces.
    case simple(String)
    /// An error as text: a code in capitals, a space, a message. Without line ends, as above.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    /// Both nulls of RESP2 read as this; it is written as the null bulk string.
    case null
    case array([RESPValue])
}

package extension RESPValue {
    static func bulk(_ text: String) -> RESPValue { .bulk([UInt8](text.utf8)) }

    /// The bytes of a bulk or simple string.
    var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .simple(let text): [UInt8](text.utf8)
        case .error, .integer, .null, .array: nil
        }
    }

    /// A bulk or simple string as text, with U+FFFD for what is not UTF-8.
    var text: String? {
        switch self {
        case .bulk(let bytes): String(repairing: bytes.span)
        case .simple(let text): text
        case .error, .integer, .null, .array: nil
        }
    }

    /// An integer, or a string that spells one.
    var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulk(let bytes): bytes.span.decimalValue
        case .simple(let text): text.utf8.span.decimalValue
        case .error, .null, .array: nil
        }
    }

    var elements: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The first word of an error, which is what programs tell errors apart by: `NOTLEADER`.
    var errorCode: Substring? {
        guard case .error(let text) = self else { return nil }
        return text.prefix { $0 != " " }
    }
}

package extension RESPValue {
    /// Reads one value from the front; nil when its last byte has not arrived.
    ///
    /// Nothing is kept between calls: a caller that got nil comes back with the same bytes and more.
    static func parse(
        _ bytes: Span<UInt8>, limits: RESPLimits = .standard
    ) throws(RESPError) -> (value: RESPValue, consumed: Int)? {
        var cursor = RESPCursor(bytes, limits: limits)
        guard let value = try cursor.value(levelsLeft: limits.depthMax) else { return nil }
        return (value, cursor.index)
    }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .simple(let text): bytes.appendRESP(simple: text)
        case .error(let text): bytes.appendRESP(error: text)
        case .integer(let value): bytes.appendRESP(integer: value)
        case .bulk(let content): bytes.appendRESP(bulk: content.span)
        case .null: bytes.appendRESPNull()
        case .array(let elements):
            bytes.appendRESP(arrayOf: elements.count)
            for element in elements { element.encode(into: &bytes) }
        }
    }

    /// The bytes of a command as a client sends it: an array of bulk strings.
    static func command(_ words: String...) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendRESP(command: words)
        return bytes
    }
}
