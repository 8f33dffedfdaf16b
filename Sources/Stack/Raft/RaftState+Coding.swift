// How entries, the hard state and snapshot descriptors look as bytes, for the driver's journal.
//
//   entry        index:varint  term:varint  payload
//   payload      0                                  no-op
//                1 length:varint bytes              command
//   hard state   term:varint  flag  [vote:varint]
//   position     index:varint term:varint
//   descriptor   position  count:varint  voter:varint ...

extension LogEntry {
    package func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(index.rawValue)
        bytes.appendVarint(term.rawValue)
        payload.encode(into: &bytes)
    }

    /// Reads one entry that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        let position = try reader.position()
        let payload = try reader.payload()
        try reader.finish()
        self.init(index: position.index, term: position.term, payload: payload)
    }
}

extension HardState {
    package func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(term.rawValue)
        bytes.appendFlag(vote != nil)
        if let vote { bytes.appendVarint(vote.rawValue) }
    }

    /// Reads a hard state that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        let term = Term(try reader.varint())
        let vote = try reader.flag() ? NodeID(try reader.varint()) : nil
        try reader.finish()
        self.init(term: term, vote: vote)
    }
}

extension SnapshotDescriptor {
    package func encode(into bytes: inout [UInt8]) {
        position.encode(into: &bytes)
        bytes.appendVarint(UInt64(membership.voters.count))
        for voter in membership.voters { bytes.appendVarint(voter.rawValue) }
    }

    /// Reads a descriptor that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        self = try reader.snapshot()
        try reader.finish()
    }
}

extension LogEntry.Payload {
    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .noOp: bytes.append(0)
        case .command(let command):
            bytes.append(1)
            bytes.appendBlob(command)
        }
    }
}

extension LogPosition {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(index.rawValue)
        bytes.appendVarint(term.rawValue)
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    mutating func position() throws(RaftCodingError) -> LogPosition {
        let index = LogIndex(try varint())
        return LogPosition(index: index, term: Term(try varint()))
    }

    @_lifetime(self: copy self)
    mutating func payload() throws(RaftCodingError) -> LogEntry.Payload {
        let start = offset
        let kind = try byte()
        switch kind {
        case 0: return .noOp
        case 1: return .command(try blob())
        default: throw .unknownKind(kind, at: start)
        }
    }

    @_lifetime(self: copy self)
    mutating func snapshot() throws(RaftCodingError) -> SnapshotDescriptor {
        let position = try position()
        let start = offset
        let count = try count()
        guard count > 0 else { throw .implausible(0, at: start) }
        var voters: [NodeID] = []
        for _ in 0..<count { voters.append(NodeID(try varint())) }
        return SnapshotDescriptor(position: position, membership: Membership(voters: voters))
    }
}
