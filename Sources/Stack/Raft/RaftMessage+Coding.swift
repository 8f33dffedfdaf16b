// How messages look as bytes on a link between replicas.
//
//   message        kind:byte  from:varint  to:varint  term:varint  body
//   1 vote request    flag pre-vote  flag transfer  last:position
//   2 vote reply      flag pre-vote  flag granted
//   3 append          previous:position  commit:varint  count:varint  (term:varint payload) ...
//   4 matched         index:varint
//   5 rejected        at:varint  hint:position
//   6 heartbeat       commit:varint  round:varint  flag  [commit:varint  stamp:ticket  age:varint]
//   7 heartbeat reply round:varint  flag  [stamp:ticket]
//   8 snapshot        descriptor
//   9 timeout now     (nothing)
//  10 newer term      (nothing)
//  11 read index      ticket
//  12 its answer      ticket  flag  [index:varint]
//  13 propose         ticket  count:varint  (length:varint bytes) ...
//  14 its answer      ticket  flag  [term:varint  first:varint  last:varint]
//  15 recover         ticket
//  16 its answer      ticket  last:varint
//     ticket          life:varint  number:varint
//
// Entries of an append have no index: they are consecutive. Position, payload and descriptor are those of
// RaftState+Coding.swift. A message has no version: replicas of a group run the same build.

extension RaftMessage {
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(body.kind)
        bytes.appendVarint(from.rawValue)
        bytes.appendVarint(to.rawValue)
        bytes.appendVarint(term.rawValue)
        body.encode(into: &bytes)
    }

    /// Reads one message that takes up all of the bytes.
    package init(decoding bytes: Span<UInt8>) throws(RaftCodingError) {
        var reader = ByteReader(bytes)
        let kind = try reader.byte()
        let from = NodeID(try reader.varint())
        let to = NodeID(try reader.varint())
        let term = try reader.term()
        let body = try reader.body(kind: kind)
        try reader.finish()
        self.init(from: from, to: to, term: term, body: body)
    }
}

extension RaftMessage.Body {
    fileprivate var kind: UInt8 {
        switch self {
        case .voteRequest: 1
        case .voteReply: 2
        case .append: 3
        case .appendReply(.matched): 4
        case .appendReply(.rejected): 5
        case .heartbeat: 6
        case .heartbeatReply: 7
        case .installSnapshot: 8
        case .timeoutNow: 9
        case .newerTerm: 10
        case .readIndex: 11
        case .readIndexAnswer: 12
        case .propose: 13
        case .proposalAnswer: 14
        case .recover: 15
        case .recoveryAnswer: 16
        }
    }

    fileprivate func encode(into bytes: inout [UInt8]) {
        switch self {
        case .voteRequest(let request):
            bytes.appendFlag(request.isPreVote)
            bytes.appendFlag(request.isTransfer)
            request.last.encode(into: &bytes)
        case .voteReply(let reply):
            bytes.appendFlag(reply.isPreVote)
            bytes.appendFlag(reply.isGranted)
        case .append(let request): request.encode(into: &bytes)
        case .appendReply(.matched(let index)): bytes.appendVarint(index.rawValue)
        case .appendReply(.rejected(let index, let hint)):
            bytes.appendVarint(index.rawValue)
            hint.encode(into: &bytes)
        case .heartbeat(let heartbeat): heartbeat.encode(into: &bytes)
        case .heartbeatReply(let round, let stamp):
            bytes.appendVarint(round)
            bytes.appendFlag(stamp != nil)
            stamp?.encode(into: &bytes)
        case .installSnapshot(let snapshot): snapshot.encode(into: &bytes)
        case .timeoutNow, .newerTerm: break
        case .readIndex(let ticket), .recover(let ticket): ticket.encode(into: &bytes)
        case .readIndexAnswer(let answer): answer.encode(into: &bytes)
        case .propose(let forwarded): forwarded.encode(into: &bytes)
        case .proposalAnswer(let answer): answer.encode(into: &bytes)
        case .recoveryAnswer(let answer):
            answer.ticket.encode(into: &bytes)
            bytes.appendVarint(answer.last.rawValue)
        }
    }
}

extension AppendRequest {
    fileprivate func encode(into bytes: inout [UInt8]) {
        previous.encode(into: &bytes)
        bytes.appendVarint(commit.rawValue)
        bytes.appendVarint(UInt64(entries.count))
        var expected = previous.index.next
        for entry in entries {
            precondition(entry.index == expected, "an append holds consecutive entries")
            bytes.appendVarint(entry.term.rawValue)
            entry.payload.encode(into: &bytes)
            expected = expected.next
        }
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    fileprivate mutating func body(kind: UInt8) throws(RaftCodingError) -> RaftMessage.Body {
        switch kind {
        case 1:
            let isPreVote = try flag()
            let isTransfer = try flag()
            let last = try position()
            return .voteRequest(
                VoteRequest(isPreVote: isPreVote, isTransfer: isTransfer, last: last))
        case 2:
            let isPreVote = try flag()
            return .voteReply(VoteReply(isPreVote: isPreVote, isGranted: try flag()))
        case 3: return .append(try appendRequest())
        case 4: return .appendReply(.matched(try index()))
        case 5:
            let index = try index()
            return .appendReply(.rejected(at: index, hint: try position()))
        case 6: return .heartbeat(try heartbeat())
        case 7:
            let round = try varint()
            return .heartbeatReply(round: round, stamp: try flag() ? try ticket() : nil)
        case 8: return .installSnapshot(try snapshot())
        case 9: return .timeoutNow
        case 10: return .newerTerm
        case 11: return .readIndex(try ticket())
        case 12: return .readIndexAnswer(try readIndexAnswer())
        case 13: return .propose(try forwardedCommands())
        case 14: return .proposalAnswer(try proposalAnswer())
        case 15: return .recover(try ticket())
        case 16:
            let ticket = try ticket()
            return .recoveryAnswer(RecoveryAnswer(ticket: ticket, last: try index()))
        default: throw .unknownKind(kind, at: 0)
        }
    }

    @_lifetime(self: copy self)
    private mutating func appendRequest() throws(RaftCodingError) -> AppendRequest {
        let previous = try position()
        let commit = try index()
        let count = try count()
        var entries: [LogEntry] = []
        entries.reserveCapacity(count)
        var index = previous.index.next
        for _ in 0..<count {
            let term = try term()
            entries.append(LogEntry(index: index, term: term, payload: try payload()))
            index = index.next
        }
        return AppendRequest(previous: previous, entries: entries, commit: commit)
    }
}
