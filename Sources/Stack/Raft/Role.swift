// The part that a replica plays, with what only that part needs.

enum Role: Sendable {
    /// The leader is nil until one is heard in the present term.
    case follower(leader: NodeID?)
    /// Asks whether an election could be won, before it disturbs anybody with a new term.
    case preCandidate(granted: Set<NodeID>)
    case candidate(granted: Set<NodeID>)
    /// What it keeps in mind is in `RaftNode.leadership`.
    case leader
}

/// What a leader keeps in mind, volatile and begun anew in each term.
struct Leadership: Sendable {
    /// One for each other member, and for those in `farewells`.
    var progress: [NodeID: Progress]

    /// Nodes that were removed and are still sent the log, until which tick.
    var farewells: [NodeID: Int] = [:]

    /// One for each learner.
    var catchUps: [NodeID: CatchUp] = [:]

    var reads = ReadQueue()

    /// Index of the no-op that opens the term: nothing is committed by count below it.
    let termStart: LogIndex

    /// Bytes of entries that were appended and are not committed.
    var uncommittedBytes: Int

    var ticksSinceHeartbeat = 0

    /// The tick in which the last round began that a majority answered.
    var confirmedAt: Int?

    var taken = TakenTickets()

    var transfer: Transfer?

    /// Whether somebody may campaign against all promises, now or when a message arrives late.
    var hasToldSuccessor = false

    /// A hand-over under way (dissertation 3.10).
    struct Transfer: Sendable {
        let target: NodeID
        var ticksLeft: Int
        var isTold = false
    }
}

extension RaftNode {
    /// The leader of the present term, as far as this node knows.
    var leader: NodeID? {
        switch role {
        case .follower(let leader): leader
        case .preCandidate, .candidate: nil
        case .leader: configuration.id
        }
    }

    /// Takes on another role. The reads of a leader that steps down are given back unanswered.
    mutating func enter(_ next: Role) {
        abandonedReads += leadership?.reads.ids ?? []
        abandonForwards()
        role = next
        leadership = nil
        clock.restart()
    }

    mutating func becomeFollower(in newTerm: Term, leader: NodeID?) {
        precondition(newTerm >= term, "terms only grow")
        if newTerm > term {
            term = newTerm
            vote = nil
        }
        enter(.follower(leader: leader))
    }
}
