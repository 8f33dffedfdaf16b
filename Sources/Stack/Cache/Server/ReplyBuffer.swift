// Replies of a batch of commands, encoded one after another into one buffer that is sent once. RESP2, written
// straight from the keyspace's bytes, so that a GET copies its value exactly once.

package struct ReplyBuffer: Sendable {
    package internal(set) var bytes: [UInt8] = []

    /// Bytes that the replies of one batch may take; past it nothing more is written and the client is closed,
    /// since an MGET that names one large key a million times would otherwise take the machine's memory.
    static let countMax = 256 << 20

    package init() {}

    var isOverfull: Bool { bytes.count > ReplyBuffer.countMax }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

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

    mutating func integer(_ number: Int64) {
        bytes.append(UInt8(ascii: ":"))
        Decimal.append(number, to: &bytes)
        endLine()
    }

    mutating func integer(_ number: Int) { integer(Int64(number)) }

    mutating func null() { bytes.append(contentsOf: "$-1\r\n".utf8) }

    mutating func arrayHeader(count: Int) {
        bytes.append(UInt8(ascii: "*"))
        Decimal.append(Int64(count), to: &bytes)
        endLine()
    }

    mutating func bulk(_ value: ArraySlice<UInt8>) {
        guard !isOverfull else { return }
        bulkHeader(count: value.count)
        bytes.append(contentsOf: value)
        endLine()
    }

    mutating func bulk(_ text: String) {
        bulkHeader(count: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    private mutating func bulkHeader(count: Int) {
        bytes.append(UInt8(ascii: "$"))
        Decimal.append(Int64(count), to: &bytes)
        endLine()
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
