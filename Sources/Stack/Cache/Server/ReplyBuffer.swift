// Replies of a batch of commands, encoded one after another into one buffer that is sent once: RESP2, or RESP3
// for a client that asked for it by HELLO 3. Written straight from the keyspace's bytes, so that a GET copies
// its value exactly once. Source: "Redis serialization protocol specification", redis.io, and RESP3.md of
// redis-specifications.
//
//     RESP3 has what RESP2 spells as arrays and strings
//     _\r\n null   #t\r\n truth   ,1.5\r\n double   %2\r\n map   ~2\r\n set   >3\r\n push

package struct ReplyBuffer: Sendable {
    package internal(set) var bytes: [UInt8] = []
    /// 2 or 3.
    package internal(set) var version = 2

    /// Bytes that the replies of one batch may take; past it nothing more is written and the client is closed,
    /// since an MGET that names one large key a million times would otherwise take the machine's memory.
    static let countMax = 256 << 20

    package init(version: Int = 2) { self.version = version }

    var isOverfull: Bool { bytes.count > ReplyBuffer.countMax }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ other: ReplyBuffer) { bytes.append(contentsOf: other.bytes) }

    /// A status such as OK; `text` has no line end in it.
    mutating func simple(_ text: String) {
        bytes.append(UInt8(ascii: "+"))
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    mutating func ok() { bytes.append(contentsOf: "+OK\r\n".utf8) }

    /// Line ends in the text would break the protocol, so they go out as spaces, as Redis does it.
    mutating func error(_ line: String) {
        bytes.append(UInt8(ascii: "-"))
        for byte in line.utf8 {
            bytes.append(byte == 0x0d || byte == 0x0a ? UInt8(ascii: " ") : byte)
        }
        endLine()
    }

    mutating func integer(_ number: Int64) { header(":", number) }

    mutating func integer(_ number: Int) { header(":", Int64(number)) }

    mutating func null() { bytes.append(contentsOf: (version == 2 ? "$-1\r\n" : "_\r\n").utf8) }

    /// Where RESP2 has an array that is not there, such as EXEC after a watched key changed.
    mutating func nullArray() {
        bytes.append(contentsOf: (version == 2 ? "*-1\r\n" : "_\r\n").utf8)
    }

    mutating func arrayHeader(count: Int) { header("*", Int64(count)) }

    /// `count` pairs of a key and a value follow.
    mutating func mapHeader(count: Int) {
        if version == 2 { header("*", Int64(2 * count)) } else { header("%", Int64(count)) }
    }

    mutating func setHeader(count: Int) { header(version == 2 ? "*" : "~", Int64(count)) }

    /// What comes without having been asked for.
    mutating func pushHeader(count: Int) { header(version == 2 ? "*" : ">", Int64(count)) }

    mutating func double(_ number: Double) {
        let text = ScoreText.text(number)
        guard version > 2 else { return bulk(text) }
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    mutating func bulk(_ value: ArraySlice<UInt8>) {
        guard !isOverfull else { return }
        header("$", Int64(value.count))
        bytes.append(contentsOf: value)
        endLine()
    }

    mutating func bulk(_ value: [UInt8]) { bulk(value[...]) }

    mutating func bulk(_ text: String) {
        header("$", Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    mutating func bulk(_ value: [UInt8]?) {
        if let value { bulk(value[...]) } else { null() }
    }

    private mutating func header(_ mark: Unicode.Scalar, _ number: Int64) {
        bytes.append(UInt8(ascii: mark))
        Decimal.append(number, to: &bytes)
        endLine()
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
