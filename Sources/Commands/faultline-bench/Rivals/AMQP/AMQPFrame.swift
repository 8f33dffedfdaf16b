// Frames and arguments of AMQP 0-9-1 as bytes (the specification's sections 2.3.5 and 4.2). Its numbers
// are big-endian, which Wire's own layouts are not, so reader and writer are here.
//
//     [kind u8][channel u16][size u32][payload][0xCE]

/// One frame; a method, the head or a part of a message's content, or a heartbeat.
struct AMQPFrame: Equatable {
    enum Kind: UInt8 {
        case method = 1
        case header = 2
        case body = 3
        case heartbeat = 8
    }

    static let end: UInt8 = 0xCE
    /// Bytes around a payload.
    static let overhead = 8

    let kind: Kind
    let channel: UInt16
    let payload: [UInt8]

    var bytes: [UInt8] {
        var writer = AMQPWriter()
        writer.write(u8: kind.rawValue)
        writer.write(u16: channel)
        writer.write(longText: payload)
        writer.write(u8: Self.end)
        return writer.bytes
    }

    /// Nil while the frame is incomplete; throws what no AMQP server sends.
    static func parse(_ bytes: Span<UInt8>) throws(AMQPError) -> (AMQPFrame, Int)? {
        guard bytes.count >= 7 else { return nil }
        guard let kind = Kind(rawValue: bytes[0]) else { throw .malformed("frame kind") }
        let size = (3..<7).reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard size <= sizeMax else { throw .malformed("frame size") }
        guard bytes.count >= size + overhead else { return nil }
        guard bytes[7 + size] == end else { throw .malformed("frame end") }
        let frame = AMQPFrame(
            kind: kind, channel: UInt16(bytes[1]) << 8 | UInt16(bytes[2]),
            payload: (7..<7 + size).map { bytes[$0] })
        return (frame, size + overhead)
    }

    /// What this client agrees to in `tune-ok`, and RabbitMQ's own default.
    static let sizeMax = 131_072
}

enum AMQPError: Error, Equatable, CustomStringConvertible {
    /// Bytes that have no meaning; says which.
    case malformed(String)

    var description: String {
        switch self {
        case .malformed(let what): "malformed AMQP: \(what)"
        }
    }
}

struct AMQPWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(u8 value: UInt8) { bytes.append(value) }

    mutating func write(u16 value: UInt16) { write(value) }

    mutating func write(u32 value: UInt32) { write(value) }

    mutating func write(u64 value: UInt64) { write(value) }

    private mutating func write(_ value: some FixedWidthInteger) {
        for place in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> place))
        }
    }

    mutating func write(shortText text: String) {
        precondition(text.utf8.count <= 255, "a short text has at most 255 bytes")
        write(u8: UInt8(text.utf8.count))
        bytes += text.utf8
    }

    mutating func write(longText text: [UInt8]) {
        write(u32: UInt32(text.count))
        bytes += text
    }

    /// A table of texts, numbers and truth values.
    mutating func write(table: [(String, AMQPField)]) {
        var content = AMQPWriter()
        for (name, field) in table {
            content.write(shortText: name)
            field.write(to: &content)
        }
        write(longText: content.bytes)
    }
}

enum AMQPField {
    case text(String)
    case number(Int32)
    case flag(Bool)

    fileprivate func write(to writer: inout AMQPWriter) {
        switch self {
        case .text(let text):
            writer.write(u8: UInt8(ascii: "S"))
            writer.write(longText: Array(text.utf8))
        case .number(let number):
            writer.write(u8: UInt8(ascii: "I"))
            writer.write(u32: UInt32(bitPattern: number))
        case .flag(let flag):
            writer.write(u8: UInt8(ascii: "t"))
            writer.write(u8: flag ? 1 : 0)
        }
    }
}

struct AMQPReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func readU8() throws(AMQPError) -> UInt8 { UInt8(try readNumber(1)) }

    mutating func readU16() throws(AMQPError) -> UInt16 { UInt16(try readNumber(2)) }

    mutating func readU32() throws(AMQPError) -> UInt32 { UInt32(try readNumber(4)) }

    mutating func readU64() throws(AMQPError) -> UInt64 { try readNumber(8) }

    private mutating func readNumber(_ count: Int) throws(AMQPError) -> UInt64 {
        try take(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func readShortText() throws(AMQPError) -> String {
        String(decoding: try take(Int(try readU8())), as: UTF8.self)
    }

    private mutating func take(_ count: Int) throws(AMQPError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw .malformed("cut short") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
