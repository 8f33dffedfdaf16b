// Writes the answer to one query into a buffer that is used again for the next.
//
// What is too large for a datagram is left out by whole record sets, never in the middle of one
// (RFC 2181 section 9). If it was part of the answer itself, TC says so, and the client asks again
// over TCP; what was only helpful is left out in silence. Room for OPT is kept from the start.

package struct DNSReplyWriter: Sendable {
    package enum Section: Int, Sendable {
        case answer, authority, additional
    }

    private var encoder = DNSEncoder()
    private var counts = [0, 0, 0]
    private var isTruncated = false
    private var room = 0
    private var query: DNSQuery?
    private var hasNotedLabels = false

    package init() {}

    /// The finished message.
    package var bytes: [UInt8] { encoder.bytes }
    package var count: Int { encoder.count }

    /// Lends the finished message.
    package func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(encoder.bytes.span)
    }

    /// Starts an answer of at most so many bytes to a query that was read from a message.
    package mutating func begin(_ query: DNSQuery, in message: Span<UInt8>, limit: Int) {
        encoder.reset()
        for section in counts.indices { counts[section] = 0 }
        isTruncated = false
        hasNotedLabels = false
        self.query = query
        room = limit - (query.edns?.byteCount ?? 0)
        encoder.write(u16: query.id)
        for _ in 0..<5 { encoder.write(u16: 0) }
        guard let question = query.question else { return }
        encoder.write(raw: question.name(in: message))
        encoder.write(u16: question.type.rawValue)
        encoder.write(u16: question.questionClass.rawValue)
    }

    /// Adds an answer of addresses to the name that was asked for; false when it does not fit.
    @discardableResult
    package mutating func answer(addresses: some Sequence<UInt32>, ttl: UInt32) -> Bool {
        let mark = encoder.mark
        var added = 0
        for address in addresses {
            encoder.write(pointerTo: DNSCursor.headBytes)
            encoder.write(u16: DNSType.a.rawValue)
            encoder.write(u16: DNSClass.internet.rawValue)
            encoder.write(u32: ttl)
            encoder.write(u16: 4)
            encoder.write(u32: address)
            added += 1
        }
        return keep(added, since: mark, .answer)
    }

    /// Adds a record set of the name that was asked for; false when it does not fit.
    @discardableResult
    package mutating func answer(_ set: [DNSData], ttl: UInt32) -> Bool {
        let mark = encoder.mark
        noteQuestion()
        for data in set {
            encoder.write(pointerTo: DNSCursor.headBytes)
            encoder.writeBehindName(.internet, ttl: ttl, data)
        }
        return keep(set.count, since: mark, .answer)
    }

    /// Adds a record set; sections are filled in their order. False when it does not fit.
    @discardableResult
    package mutating func add(_ set: [DNSRecord], to section: Section) -> Bool {
        let mark = encoder.mark
        noteQuestion()
        for record in set { encoder.write(record) }
        return keep(set.count, since: mark, section)
    }

    /// Completes the message. `scope` is the prefix of the client's subnet for which it holds.
    package mutating func finish(
        _ code: DNSResponseCode, isAuthoritative: Bool, payload: UInt16, scope: UInt8 = 0
    ) {
        guard let query else { preconditionFailure("an answer begins with a query") }
        var head = DNSHead(id: query.id)
        head.flags = query.flags.union(.response)
        if isAuthoritative { head.flags.insert(.authoritative) }
        if isTruncated { head.flags.insert(.truncated) }
        (head.opcode, head.code) = (query.opcode, code.rawValue)
        encoder.patch(u16: head.flagWord, at: 2)
        encoder.patch(u16: query.question == nil ? 0 : 1, at: 4)
        encoder.patch(u16: UInt16(counts[0]), at: 6)
        encoder.patch(u16: UInt16(counts[1]), at: 8)
        encoder.patch(u16: UInt16(counts[2] + (query.edns == nil ? 0 : 1)), at: 10)
        guard let asked = query.edns else { return }
        var edns = EDNS(payload: payload)
        edns.extendedCode = UInt8(truncatingIfNeeded: code.rawValue >> 4)
        edns.dnssecOK = asked.dnssecOK
        edns.clientSubnet = asked.clientSubnet
        edns.clientSubnet?.scopePrefix = scope
        edns.write(to: &encoder)
    }

    private mutating func keep(
        _ added: Int, since mark: DNSEncoder.Mark, _ section: Section
    ) -> Bool {
        guard encoder.count <= room else {
            encoder.roll(backTo: mark)
            if section != .additional { isTruncated = true }
            return false
        }
        counts[section.rawValue] += added
        return true
    }

    /// Most answers need no name but the question's, so its labels are noted only when one does.
    private mutating func noteQuestion() {
        guard !hasNotedLabels, query?.question != nil else { return }
        hasNotedLabels = true
        encoder.noteLabels(at: DNSCursor.headBytes)
    }
}
