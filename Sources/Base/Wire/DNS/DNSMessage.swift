// A whole message as a value: what a client sends and reads. Servers read `DNSQuery` and write with
// `DNSReplyWriter` instead, which touch only what they need.

package struct DNSMessage: Hashable, Sendable {
    package var id: UInt16
    package var flags: DNSFlags = []
    package var opcode = DNSOpcode.query
    package var code = DNSResponseCode.noError
    package var questions: [DNSQuestion] = []
    package var answers: [DNSRecord] = []
    package var authorities: [DNSRecord] = []
    /// Without the OPT record, which is `edns`.
    package var additionals: [DNSRecord] = []
    package var edns: EDNS?

    package init(id: UInt16) { self.id = id }

    /// A question of a client to an authoritative server.
    package init(id: UInt16, asking question: DNSQuestion, edns: EDNS? = nil) {
        self.id = id
        questions = [question]
        self.edns = edns
    }

    package static func parse(_ bytes: Span<UInt8>) throws(DNSError) -> DNSMessage {
        var cursor = DNSCursor(bytes)
        let head = try DNSHead(&cursor)
        var message = DNSMessage(id: head.id)
        message.flags = head.flags
        message.opcode = head.opcode
        for _ in 0..<head.questions { message.questions.append(try DNSQuestion(&cursor)) }
        message.answers = try message.records(head.answers, &cursor)
        message.authorities = try message.records(head.authorities, &cursor)
        message.additionals = try message.records(head.additionals, &cursor)
        guard cursor.remaining == 0 else { throw DNSError(.trailingBytes, at: cursor.offset) }
        let upper = UInt16(message.edns?.extendedCode ?? 0)
        message.code = DNSResponseCode(rawValue: upper << 4 | head.code)
        return message
    }

    /// An OPT record counts as EDNS wherever it stands.
    private mutating func records(
        _ count: Int, _ cursor: inout DNSCursor
    ) throws(DNSError) -> [DNSRecord] {
        var records: [DNSRecord] = []
        for _ in 0..<count {
            let start = cursor.offset
            let name = try cursor.name()
            let type = DNSType(rawValue: try cursor.u16())
            guard type == .opt else {
                records.append(try DNSRecord(name, type, &cursor))
                continue
            }
            guard edns == nil, name == .root else { throw DNSError(.repeatedOPT, at: start) }
            edns = try EDNS(&cursor)
        }
        return records
    }

    /// The bytes of the message; at most 65,535 of them fit into a TCP frame.
    package func encoded() -> [UInt8] {
        var encoder = DNSEncoder()
        var head = DNSHead(id: id)
        (head.flags, head.opcode, head.code) = (flags, opcode, code.rawValue)
        encoder.write(u16: id)
        encoder.write(u16: head.flagWord)
        let counts = [
            questions.count, answers.count, authorities.count,
            additionals.count + (edns == nil ? 0 : 1),
        ]
        for count in counts { encoder.write(u16: UInt16(count)) }
        for question in questions { encoder.write(question) }
        for record in answers + authorities + additionals { encoder.write(record) }
        if var edns {
            edns.extendedCode = UInt8(truncatingIfNeeded: code.rawValue >> 4)
            edns.write(to: &encoder)
        }
        return encoder.bytes
    }
}
