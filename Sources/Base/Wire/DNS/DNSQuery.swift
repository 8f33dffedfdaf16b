// What a server needs to know of a message before it can answer. Nothing is copied: the name stays in
// the message and is lent as a span, so that a query costs no allocation.

package struct DNSQuery: Sendable {
    package let id: UInt16
    package let opcode: DNSOpcode
    /// Those that an answer gives back: RD and CD.
    package let flags: DNSFlags
    /// Nil when the message does not get that far.
    package private(set) var question: Question?
    package private(set) var edns: EDNS?

    package struct Question: Sendable {
        /// Bytes of the name, which begins right behind the head and is never compressed.
        let nameCount: Int
        package let type: DNSType
        package let questionClass: DNSClass
    }

    package enum Reading: Sendable {
        case query(DNSQuery)
        /// To be answered with FORMERR.
        case malformed(DNSQuery, DNSError)
        /// No query at all: an answer, or too little for a head. Answering could start a loop.
        case ignored
    }

    package static func read(_ message: Span<UInt8>) -> Reading {
        var cursor = DNSCursor(message)
        guard let head = try? DNSHead(&cursor), !head.flags.contains(.response) else {
            return .ignored
        }
        var query = DNSQuery(head)
        // Other operations have layouts of their own, and are refused by their opcode alone.
        guard head.opcode == .query else { return .query(query) }
        do throws(DNSError) {
            try query.readRest(head, &cursor)
            return .query(query)
        } catch {
            return .malformed(query, error)
        }
    }

    private init(_ head: DNSHead) {
        id = head.id
        opcode = head.opcode
        flags = head.flags.intersection([.recursionDesired, .checkingDisabled])
    }

    private mutating func readRest(
        _ head: DNSHead, _ cursor: inout DNSCursor
    ) throws(DNSError) {
        guard head.questions == 1, head.answers == 0, head.authorities == 0 else {
            throw DNSError(.malformedQuery, at: 4)
        }
        try cursor.plainName()
        let nameCount = cursor.offset - DNSCursor.headBytes
        let type = DNSType(rawValue: try cursor.u16())
        let questionClass = DNSClass(rawValue: try cursor.u16())
        question = Question(nameCount: nameCount, type: type, questionClass: questionClass)
        for _ in 0..<head.additionals { try readAdditional(&cursor) }
        guard cursor.remaining == 0 else { throw DNSError(.trailingBytes, at: cursor.offset) }
    }

    private mutating func readAdditional(_ cursor: inout DNSCursor) throws(DNSError) {
        let start = cursor.offset
        let first = try cursor.u8()
        if first != 0 {
            // Only OPT matters, and its name is the root: all others are read to be stepped over.
            cursor.stepBack()
            let name = try cursor.name()
            let type = DNSType(rawValue: try cursor.u16())
            guard type != .opt else { throw DNSError(.malformedQuery, at: start) }
            _ = try DNSRecord(name, type, &cursor)
            return
        }
        let type = DNSType(rawValue: try cursor.u16())
        guard type == .opt else {
            _ = try DNSRecord(.root, type, &cursor)
            return
        }
        guard edns == nil else { throw DNSError(.repeatedOPT, at: start) }
        edns = try EDNS(&cursor)
    }
}

extension DNSQuery.Question {
    /// Lends the name's bytes in the message that the question was read from.
    @_lifetime(copy message)
    package func name(in message: Span<UInt8>) -> Span<UInt8> {
        message.extracting(DNSCursor.headBytes..<DNSCursor.headBytes + nameCount)
    }
}
