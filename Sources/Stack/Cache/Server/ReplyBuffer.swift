// Replies of a batch of commands, encoded one after another into one buffer that is sent once: RESP2, or RESP3
// for a client that asked for it by HELLO 3. Written straight from the keyspace's bytes, so that a GET copies
// its value exactly once. Source: "Redis serialization protocol specification", redis.io, and RESP3.md of
// redis-specifications.
//
//     RESP3 has what RESP2 spells as arrays and strings
//     _\r\n null   #t\r\n truth   ,1.5\r\n double   %2\r\n map   ~2\r\n set   >3\r\n push

package struct ReplyBuffer: Sendable {
    /// Room of which the first `count` bytes are written: so that a reply looks once whether it fits, instead of
    /// with every byte.
    private var storage: [UInt8] = []
    package private(set) var count = 0
    /// 2 or 3.
    package internal(set) var version = 2

    /// Bytes that the replies of one batch may take; past it nothing more is written and the client is closed,
    /// since an MGET that names one large key a million times would otherwise take the machine's memory.
    static let countMax = 256 << 20

    package init(version: Int = 2) { self.version = version }

    var isOverfull: Bool { count > ReplyBuffer.countMax }

    package var bytes: [UInt8] { Array(storage[..<count]) }

    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    /// A client that is idle keeps no more room than a batch of small replies takes.
    package mutating func removeAll() {
        count = 0
        if storage.count > ReplyBuffer.roomKeptMax { storage = [] }
    }

    private static let roomKeptMax = 16 << 10

    mutating func append(_ other: ReplyBuffer) { put(other.span) }

    /// A status such as OK; `text` has no line end in it.
    mutating func simple(_ text: String) { line("+", text) }

    mutating func ok() {
        let line: InlineArray<5, UInt8> = [0x2b, 0x4f, 0x4b, 0x0d, 0x0a]
        put(line.span)
    }

    /// Line ends in the text would break the protocol, so they go out as spaces, as Redis does it.
    mutating func error(_ line: String) {
        let plain = line.utf8.map { byte in
            byte == 0x0d || byte == 0x0a ? UInt8(ascii: " ") : byte
        }
        put("-")
        put(plain.span)
        endLine()
    }

    mutating func integer(_ number: Int64) { header(":", number) }

    mutating func integer(_ number: Int) { header(":", Int64(number)) }

    mutating func null() {
        guard version == 2 else { return put("_\r\n") }
        let line: InlineArray<5, UInt8> = [0x24, 0x2d, 0x31, 0x0d, 0x0a]
        put(line.span)
    }

    /// Where RESP2 has an array that is not there, such as EXEC after a watched key changed.
    mutating func nullArray() {
        put(version == 2 ? "*-1\r\n" : "_\r\n")
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
        line(",", text)
    }

    mutating func bulk(_ value: Span<UInt8>) {
        guard !isOverfull else { return }
        makeRoom(value.count + ReplyBuffer.lineMax)
        header("$", Int64(value.count))
        put(value)
        endLine()
    }

    mutating func bulk(_ value: ArraySlice<UInt8>) { bulk(value.span) }

    mutating func bulk(_ value: [UInt8]) { bulk(value.span) }

    mutating func bulk(_ text: String) { bulk([UInt8](text.utf8).span) }

    mutating func bulk(_ value: [UInt8]?) {
        if let value { bulk(value.span) } else { null() }
    }
}

// MARK: - Bytes

extension ReplyBuffer {
    /// The longest header, its end, and the end of a bulk string.
    private static let lineMax = 26

    private mutating func header(_ mark: Unicode.Scalar, _ number: Int64) {
        makeRoom(ReplyBuffer.lineMax)
        var end = count
        var out = storage.mutableSpan
        out[end] = UInt8(ascii: mark)
        if number >= 0, number <= 9 {
            out[end + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)
            end += 2
        } else {
            let digits = DecimalDigits(number)
            out.overwrite(from: end + 1, with: digits.span)
            end += 1 + digits.span.count
        }
        out[end] = UInt8(ascii: "\r")
        out[end + 1] = UInt8(ascii: "\n")
        count = end + 2
    }

    private mutating func line(_ mark: String, _ text: String) {
        put(mark)
        put(text)
        endLine()
    }

    private mutating func endLine() {
        makeRoom(2)
        let end = count
        var out = storage.mutableSpan
        out[end] = UInt8(ascii: "\r")
        out[end + 1] = UInt8(ascii: "\n")
        count = end + 2
    }

    private mutating func put(_ text: String) { put([UInt8](text.utf8).span) }

    private mutating func put(_ bytes: Span<UInt8>) {
        makeRoom(bytes.count)
        let end = count
        var out = storage.mutableSpan
        out.overwrite(from: end, with: bytes)
        count = end + bytes.count
    }

    private mutating func makeRoom(_ size: Int) {
        guard storage.count - count < size else { return }
        let growth = max(size, storage.count, 512)
        storage.append(contentsOf: repeatElement(0, count: growth))
    }
}
