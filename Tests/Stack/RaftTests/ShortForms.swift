// Short ways to write entries, positions and messages down in tests.

@testable import Raft

func entries(of terms: [UInt64], from first: UInt64 = 1) -> [LogEntry] {
    terms.enumerated().map { offset, term in
        entry(first + UInt64(offset), term)
    }
}

func entry(_ index: UInt64, _ term: UInt64) -> LogEntry {
    LogEntry(
        index: LogIndex(index), term: Term(term),
        payload: .command(Array("\(index)@\(term)".utf8)))
}

func position(_ index: UInt64, _ term: UInt64) -> LogPosition {
    LogPosition(index: LogIndex(index), term: Term(term))
}

func group(of count: UInt64) -> Membership { Membership(voters: (1...count).map { NodeID($0) }) }

func ids(_ numbers: UInt64...) -> [NodeID] { numbers.map { NodeID($0) } }

func configuration(_ index: UInt64, _ term: UInt64, _ membership: Membership) -> LogEntry {
    LogEntry(
        index: LogIndex(index), term: Term(term), payload: .configuration(membership))
}

extension RaftConfiguration {
    static func node(_ id: UInt64, of count: UInt64, isJoining: Bool = false) -> Self {
        RaftConfiguration(
            id: NodeID(id), membership: isJoining ? .joining : group(of: count), seed: 1000 + id)
    }
}

extension RaftMessage.Body {
    static func preVote(granted: Bool) -> Self {
        .voteReply(VoteReply(isPreVote: true, isGranted: granted))
    }

    static func vote(granted: Bool) -> Self {
        .voteReply(VoteReply(isPreVote: false, isGranted: granted))
    }

    static func ask(last: LogPosition = .zero, isPreVote: Bool = false, isTransfer: Bool = false)
        -> Self
    {
        .voteRequest(VoteRequest(isPreVote: isPreVote, isTransfer: isTransfer, last: last))
    }

    static func append(after previous: LogPosition, _ terms: [UInt64] = [], commit: UInt64 = 0)
        -> Self
    {
        .append(
            AppendRequest(
                previous: previous,
                entries: entries(of: terms, from: previous.index.rawValue + 1),
                commit: LogIndex(commit)))
    }

    static func append(after previous: LogPosition, _ entries: LogEntry..., commit: UInt64 = 0)
        -> Self
    {
        .append(AppendRequest(previous: previous, entries: entries, commit: LogIndex(commit)))
    }

    static func beat(commit: UInt64 = 0, round: UInt64 = 0) -> Self {
        .heartbeat(Heartbeat(commit: LogIndex(commit), round: round))
    }

    static func matched(_ index: UInt64) -> Self { .appendReply(.matched(LogIndex(index))) }

    var appended: AppendRequest? {
        guard case .append(let request) = self else { return nil }
        return request
    }
}

extension [RaftMessage] {
    func to(_ peer: UInt64) -> [RaftMessage.Body] {
        filter { $0.to == NodeID(peer) }.map(\.body)
    }

    var appends: [AppendRequest] { compactMap(\.body.appended) }
    var bodies: [RaftMessage.Body] { map(\.body) }
}

extension [LogEntry] {
    var terms: [UInt64] { map(\.term.rawValue) }
}
