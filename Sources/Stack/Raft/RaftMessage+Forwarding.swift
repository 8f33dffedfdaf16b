// The coding of heartbeats, and of what followers and their leader ask each other on behalf of clients.
// RaftMessage+Coding.swift draws the whole of it.

extension Ticket {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(life)
        bytes.appendVarint(number)
    }
}

extension Heartbeat {
    func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(commit.rawValue)
        bytes.appendVarint(round)
        bytes.appendFlag(freshness != nil)
        guard let freshness else { return }
        bytes.appendVarint(freshness.commit.rawValue)
        freshness.stamp.encode(into: &bytes)
        bytes.appendVarint(freshness.age)
    }
}

extension ReadIndexAnswer {
    func encode(into bytes: inout [UInt8]) {
        ticket.encode(into: &bytes)
        bytes.appendFlag(index != nil)
        if let index { bytes.appendVarint(index.rawValue) }
    }
}

extension ForwardedCommands {
    func encode(into bytes: inout [UInt8]) {
        ticket.encode(into: &bytes)
        bytes.appendVarint(UInt64(commands.count))
        for command in commands { bytes.appendBlob(command) }
    }
}

extension ProposalAnswer {
    func encode(into bytes: inout [UInt8]) {
        ticket.encode(into: &bytes)
        bytes.appendFlag(receipt != nil)
        guard let receipt else { return }
        bytes.appendVarint(receipt.term.rawValue)
        bytes.appendVarint(receipt.first.rawValue)
        bytes.appendVarint(receipt.last.rawValue)
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    mutating func ticket() throws(RaftCodingError) -> Ticket {
        let life = try varint()
        return Ticket(life: life, number: try varint())
    }

    @_lifetime(self: copy self)
    mutating func heartbeat() throws(RaftCodingError) -> Heartbeat {
        let commit = try index()
        let round = try varint()
        guard try flag() else { return Heartbeat(commit: commit, round: round) }
        let leaderCommit = try index()
        let stamp = try ticket()
        let freshness = Freshness(commit: leaderCommit, stamp: stamp, age: try varint())
        return Heartbeat(commit: commit, round: round, freshness: freshness)
    }

    @_lifetime(self: copy self)
    mutating func readIndexAnswer() throws(RaftCodingError) -> ReadIndexAnswer {
        let ticket = try ticket()
        let index = try flag() ? try index() : nil
        return ReadIndexAnswer(ticket: ticket, index: index)
    }

    @_lifetime(self: copy self)
    mutating func forwardedCommands() throws(RaftCodingError) -> ForwardedCommands {
        let ticket = try ticket()
        let start = offset
        let count = try count()
        guard count > 0 else { throw .implausible(0, at: start) }
        var commands: [[UInt8]] = []
        for _ in 0..<count { commands.append(try blob()) }
        return ForwardedCommands(ticket: ticket, commands: commands)
    }

    @_lifetime(self: copy self)
    mutating func proposalAnswer() throws(RaftCodingError) -> ProposalAnswer {
        let ticket = try ticket()
        guard try flag() else { return ProposalAnswer(ticket: ticket, receipt: nil) }
        let term = try term()
        let first = try index()
        let start = offset
        let last = try index()
        guard first <= last else { throw .implausible(last.rawValue, at: start) }
        let receipt = ProposalReceipt(term: term, first: first, last: last)
        return ProposalAnswer(ticket: ticket, receipt: receipt)
    }
}
