// Every value survives its coding, and no bytes are taken for something that they are not.

import Testing

@testable import Raft

struct CodingTests {
    static let messages: [RaftMessage] = bodies.enumerated().map { offset, body in
        RaftMessage(
            from: NodeID(UInt64(offset)), to: NodeID(.max), term: Term(UInt64(offset) << 40),
            body: body)
    }

    private static let bodies: [RaftMessage.Body] = [
        .ask(last: position(300, 7), isPreVote: true),
        .ask(last: position(1 << 61, 1 << 61), isTransfer: true),
        .preVote(granted: true),
        .vote(granted: false),
        .append(after: .zero, [1, 1, 200], commit: 2),
        .append(after: position(9, 3)),
        .append(
            AppendRequest(
                previous: .zero,
                entries: [LogEntry(index: LogIndex(1), term: Term(1), payload: .noOp)],
                commit: .zero)),
        .matched(128),
        .appendReply(.rejected(at: LogIndex(127), hint: position(5, 2))),
        .beat(commit: 1 << 20, round: 1 << 63),
        .heartbeat(
            Heartbeat(
                commit: LogIndex(3), round: 4,
                freshness: Freshness(
                    commit: LogIndex(9), stamp: Ticket(life: .max, number: 7), age: 300))),
        .heartbeatReply(round: 3),
        .heartbeatReply(round: 3, stamp: Ticket(life: 1, number: .max)),
        .readIndex(Ticket(life: 5, number: 200)),
        .readIndexAnswer(
            ReadIndexAnswer(ticket: Ticket(life: 5, number: 6), index: LogIndex(7))),
        .readIndexAnswer(ReadIndexAnswer(ticket: Ticket(life: 5, number: 6), index: nil)),
        .propose(
            ForwardedCommands(ticket: Ticket(life: 5, number: 6), commands: [[1, 2], [], [3]])),
        .proposalAnswer(
            ProposalAnswer(
                ticket: Ticket(life: 5, number: 6),
                receipt: ProposalReceipt(
                    term: Term(3), first: LogIndex(5), last: LogIndex(128)))),
        .proposalAnswer(ProposalAnswer(ticket: Ticket(life: 5, number: 6), receipt: nil)),
        .installSnapshot(
            SnapshotDescriptor(position: position(10, 2), membership: group(of: 5))),
        .installSnapshot(
            SnapshotDescriptor(position: position(10, 2), membership: memberships[1])),
        .append(after: position(9, 3), configuration(10, 3, memberships[2])),
        .recover(Ticket(life: 1, number: 2)),
        .recoveryAnswer(RecoveryAnswer(ticket: Ticket(life: 1, number: 2), last: LogIndex(300))),
        .timeoutNow,
        .newerTerm,
    ]

    private static let memberships = [
        group(of: 3),
        Membership(voters: ids(1, 2, 300), learners: ids(4)),
        Membership(voters: ids(1, 5), outgoing: ids(1, 2, 3), learners: ids(2, 9)),
    ]

    private func bytes(of message: RaftMessage) -> [UInt8] {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        return bytes
    }

    @Test(arguments: messages)
    func `a message comes back as it was`(message: RaftMessage) throws {
        #expect(try RaftMessage(decoding: bytes(of: message).span) == message)
    }

    @Test(arguments: messages)
    func `a message cut short anywhere is refused`(message: RaftMessage) {
        let whole = bytes(of: message)
        for count in 0..<whole.count {
            #expect(throws: RaftCodingError.self) {
                try RaftMessage(decoding: whole.span.extracting(0..<count))
            }
        }
    }

    @Test(arguments: messages)
    func `bytes after a message are refused`(message: RaftMessage) {
        #expect(throws: RaftCodingError.trailingBytes(1)) {
            try RaftMessage(decoding: (bytes(of: message) + [0]).span)
        }
    }

    @Test(arguments: messages)
    func `a message with any one byte changed is read or refused, never a trap`(
        message: RaftMessage
    ) {
        let whole = bytes(of: message)
        for place in whole.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = whole
                changed[place] = value
                if let read = try? RaftMessage(decoding: changed.span) {
                    #expect(bytes(of: read).count <= changed.count)
                }
            }
        }
    }

    /// Changes several bytes at once, cuts and lengthens: what a link without checksums could do.
    @Test(arguments: messages)
    func `a message that is damaged anyhow is read or refused, never a trap`(
        message: RaftMessage
    ) {
        var noise = Noise(seed: UInt64(bytes(of: message).count))
        for _ in 0..<400 {
            var changed = bytes(of: message)
            for _ in 0...noise.number(below: 4) {
                changed[noise.number(below: changed.count)] = noise.byte()
            }
            if noise.chance(perMille: 200) {
                changed.removeLast(noise.number(below: changed.count))
            }
            if noise.chance(perMille: 200) { changed.append(noise.byte()) }
            if let read = try? RaftMessage(decoding: changed.span) {
                #expect(bytes(of: read).count <= changed.count)
                #expect(read.term < Term(1 << 62))
            }
        }
    }

    @Test(arguments: [1, 2, 20, 100])
    func `random bytes are no value of a journal, or a whole one`(count: Int) {
        var noise = Noise(seed: UInt64(count))
        for _ in 0..<2000 {
            let bytes = (0..<count).map { _ in noise.byte() & 0x83 }
            if let read = try? LogEntry(decoding: bytes.span) {
                var again: [UInt8] = []
                read.encode(into: &again)
                #expect(again.count <= bytes.count)
            }
            _ = try? HardState(decoding: bytes.span)
            _ = try? SnapshotDescriptor(decoding: bytes.span)
            _ = try? Membership(decoding: bytes.span)
        }
    }

    @Test func `a term or an index that no run can reach is refused`() throws {
        var bytes: [UInt8] = []
        bytes.appendVarint(1 << 62)
        let endless = bytes
        #expect(throws: RaftCodingError.implausible(1 << 62, at: 0)) {
            try HardState(decoding: (endless + [0]).span)
        }
        #expect(throws: RaftCodingError.implausible(1 << 62, at: 0)) {
            try SnapshotDescriptor(decoding: (endless + [1, 1, 1, 0, 0]).span)
        }
        bytes = []
        bytes.appendVarint((1 << 62) - 1)
        let state = try HardState(decoding: (bytes + [0]).span)
        #expect(state.term == Term((1 << 62) - 1))
    }

    @Test func `a hard state has no other flags than those it knows`() {
        #expect(throws: RaftCodingError.unknownKind(4, at: 1)) {
            try HardState(decoding: ([1, 4] as [UInt8]).span)
        }
    }

    @Test func `what cannot be is refused for what it is`() {
        #expect(throws: RaftCodingError.unknownKind(99, at: 0)) {
            try RaftMessage(decoding: ([99, 1, 2, 3] as [UInt8]).span)
        }
        let endless = [UInt8](repeating: 0xFF, count: 12)
        #expect(throws: RaftCodingError.varintTooLong(at: 1)) {
            try RaftMessage(decoding: ([9] + endless).span)
        }
        #expect(throws: RaftCodingError.implausible(127, at: 7)) {
            // An append with 127 entries in no bytes.
            try RaftMessage(decoding: ([3, 1, 2, 1, 0, 0, 0, 127] as [UInt8]).span)
        }
        #expect(throws: RaftCodingError.implausible(0, at: 6)) {
            // A proposal of no commands.
            try RaftMessage(decoding: ([13, 1, 2, 1, 5, 6, 0] as [UInt8]).span)
        }
        #expect(throws: RaftCodingError.implausible(4, at: 9)) {
            // A receipt that ends before it begins.
            try RaftMessage(decoding: ([14, 1, 2, 1, 5, 6, 1, 3, 5, 4] as [UInt8]).span)
        }
        #expect(throws: RaftCodingError.unknownKind(2, at: 4)) {
            try RaftMessage(decoding: ([2, 1, 2, 1, 2, 1] as [UInt8]).span)
        }
        #expect(throws: RaftCodingError.implausible(0, at: 2)) {
            // A descriptor of a group without voters.
            try SnapshotDescriptor(decoding: ([1, 1, 0] as [UInt8]).span)
        }
    }

    @Test(arguments: memberships)
    func `a membership comes back as it was`(membership: Membership) throws {
        var bytes: [UInt8] = []
        membership.encode(into: &bytes)
        #expect(try Membership(decoding: bytes.span) == membership)
    }

    @Test(
        arguments: [
            ([0, 0, 0], .implausible(0, at: 0)),  // no voters
            ([2, 2, 1, 0, 0], .implausible(1, at: 2)),  // not ascending
            ([2, 2, 2, 0, 0], .implausible(2, at: 2)),  // twice the same
            ([1, 1, 0, 1, 1], .implausible(1, at: 3)),  // a voter that is a learner
            ([1, 1, 9], .implausible(9, at: 2)),  // more nodes than bytes
        ] as [([UInt8], RaftCodingError)])
    func `a membership that cannot be is refused`(bytes: [UInt8], error: RaftCodingError) {
        #expect(throws: error) { try Membership(decoding: bytes.span) }
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, .max] as [UInt64])
    func `a varint takes any number of 64 bits`(value: UInt64) throws {
        var bytes: [UInt8] = []
        bytes.appendVarint(value)
        var reader = ByteReader(bytes.span)
        #expect(try reader.varint() == value)
        try reader.finish()
    }

    @Test func `an append is laid out as the comment in the source draws it`() {
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(3),
            body: .append(
                AppendRequest(
                    previous: position(300, 2),
                    entries: [
                        LogEntry(index: LogIndex(301), term: Term(3), payload: .noOp),
                        LogEntry(index: LogIndex(302), term: Term(3), payload: .command([7, 8])),
                    ], commit: LogIndex(299))))
        let expected: [UInt8] = [
            3, 1, 2, 3,  // kind, from, to, term
            0xAC, 0x02, 2,  // previous
            0xAB, 0x02, 2,  // commit, count
            3, 0,  // no-op
            3, 1, 2, 7, 8,  // command
        ]
        #expect(bytes(of: message) == expected)
    }

    @Test func `what a journal holds comes back as it was`() throws {
        for item in [entry(300, 5), LogEntry(index: LogIndex(1), term: .zero, payload: .noOp)] {
            var bytes: [UInt8] = []
            item.encode(into: &bytes)
            #expect(try LogEntry(decoding: bytes.span) == item)
            #expect(throws: RaftCodingError.self) {
                try LogEntry(decoding: bytes.span.extracting(0..<(bytes.count - 1)))
            }
        }
        for state in [
            HardState.initial, HardState(term: Term(9), vote: NodeID(0)),
            HardState(term: Term(9), vote: nil, isRecovering: true),
            HardState(term: Term(9), vote: NodeID(3), isRecovering: true),
        ] {
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try HardState(decoding: bytes.span) == state)
            #expect(throws: RaftCodingError.trailingBytes(1)) {
                try HardState(decoding: (bytes + [1]).span)
            }
        }
        let descriptor = SnapshotDescriptor(position: position(4, 2), membership: group(of: 3))
        var bytes: [UInt8] = []
        descriptor.encode(into: &bytes)
        #expect(try SnapshotDescriptor(decoding: bytes.span) == descriptor)
    }
}
