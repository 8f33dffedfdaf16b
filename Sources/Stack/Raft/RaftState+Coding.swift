// How entries, the hard state and snapshot descriptors look as bytes, for the driver's journal.
//
//   entry        index:varint  term:varint  payload
//   payload      0                                  no-op
//                1 length:varint bytes              command
//                2 membership                       configuration
//   hard state   term:varint  flags:byte  [vote:varint]     1: there is a vote, 2: recovering
//   position     index:varint term:varint
//   membership   voters:nodes  outgoing:nodes  learners:nodes
//   nodes        count:varint  node:varint ...     ascending
//   descriptor   position  membership

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
        bytes.append((vote == nil ? 0 : 1) | (isRecovering ? 2 : 0))
        if let vote { bytes.appendVarint(vote.rawValue) }
    }

    /// Reads a hard state that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        let term = try reader.term()
        let start = reader.offset
        let flags = try reader.byte()
        guard flags < 4 else { throw .unknownKind(flags, at: start) }
        let vote = flags & 1 == 1 ? NodeID(try reader.varint()) : nil
        try reader.finish()
        self.init(term: term, vote: vote, isRecovering: flags & 2 == 2)
    }
}

extension SnapshotDescriptor {
    package func encode(into bytes: inout [UInt8]) {
        position.encode(into: &bytes)
        membership.encode(into: &bytes)
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
        case .configuration(let membership):
            bytes.append(2)
            membership.encode(into: &bytes)
        }
    }
}

extension Membership {
    package func encode(into bytes: inout [UInt8]) {
        for nodes in [voters, outgoing, learners] {
            bytes.appendVarint(UInt64(nodes.count))
            for node in nodes { bytes.appendVarint(node.rawValue) }
        }
    }

    /// Reads a membership that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        self = try reader.membership()
        try reader.finish()
    }
}

extension LogPosition {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(index.rawValue)
        bytes.appendVarint(term.rawValue)
    }
}

extension ByteReader {
    /// Indices and terms from here on are beyond any run; taken for real, sums of them would overflow.
    private static var numberMax: UInt64 { 1 << 62 }

    @_lifetime(self: copy self)
    private mutating func number() throws(RaftCodingError) -> UInt64 {
        let start = offset
        let value = try varint()
        guard value < Self.numberMax else { throw .implausible(value, at: start) }
        return value
    }

    @_lifetime(self: copy self)
    mutating func index() throws(RaftCodingError) -> LogIndex { LogIndex(try number()) }

    @_lifetime(self: copy self)
    mutating func term() throws(RaftCodingError) -> Term { Term(try number()) }

    @_lifetime(self: copy self)
    mutating func position() throws(RaftCodingError) -> LogPosition {
        let index = try index()
        return LogPosition(index: index, term: try term())
    }

    @_lifetime(self: copy self)
    mutating func payload() throws(RaftCodingError) -> LogEntry.Payload {
        let start = offset
        let kind = try byte()
        switch kind {
        case 0: return .noOp
        case 1: return .command(try blob())
        case 2: return .configuration(try membership())
        default: throw .unknownKind(kind, at: start)
        }
    }

    @_lifetime(self: copy self)
    mutating func snapshot() throws(RaftCodingError) -> SnapshotDescriptor {
        let position = try position()
        return SnapshotDescriptor(position: position, membership: try membership())
    }

    @_lifetime(self: copy self)
    mutating func membership() throws(RaftCodingError) -> Membership {
        let start = offset
        let voters = try nodes()
        guard !voters.isEmpty else { throw .implausible(0, at: start) }
        let outgoing = try nodes()
        let learnersStart = offset
        let learners = try nodes()
        if let both = learners.first(where: voters.contains) {
            throw .implausible(both.rawValue, at: learnersStart)
        }
        return Membership(voters: voters, outgoing: outgoing, learners: learners)
    }

    /// Nodes in ascending order; any other order is no coding of ours.
    @_lifetime(self: copy self)
    private mutating func nodes() throws(RaftCodingError) -> [NodeID] {
        let count = try count()
        var nodes: [NodeID] = []
        for _ in 0..<count {
            let start = offset
            let node = NodeID(try varint())
            if let last = nodes.last, node <= last { throw .implausible(node.rawValue, at: start) }
            nodes.append(node)
        }
        return nodes
    }
}
