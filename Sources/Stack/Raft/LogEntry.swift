// What a replica keeps on disk: entries, the hard state, and the description of a snapshot.

/// One entry of the replicated log.
package struct LogEntry: Hashable, Sendable {
    package enum Payload: Hashable, Sendable {
        /// Written by a new leader so that it can commit what earlier terms left (Raft paper, 8).
        case noOp
        /// Bytes that mean something to the state machine alone.
        case command([UInt8])

        /// Bytes that limits are counted in: the command and a fixed share for what goes with it.
        package var byteCount: Int {
            switch self {
            case .noOp: 24
            case .command(let bytes): 24 + bytes.count
            }
        }
    }

    package let index: LogIndex
    package let term: Term
    package let payload: Payload

    package init(index: LogIndex, term: Term, payload: Payload) {
        self.index = index
        self.term = term
        self.payload = payload
    }

    package var position: LogPosition { LogPosition(index: index, term: term) }

    package var byteCount: Int { payload.byteCount }
}

/// What must survive a crash besides the log, or a node could vote twice in a term (figure 2).
package struct HardState: Hashable, Sendable {
    package var term: Term
    package var vote: NodeID?

    package init(term: Term, vote: NodeID?) {
        self.term = term
        self.vote = vote
    }

    /// The state of a replica that was never started.
    package static let initial = HardState(term: .zero, vote: nil)
}

/// The voters of a group; decisions need more than half of them.
package struct Membership: Hashable, Sendable {
    /// Ascending and without repeats, so that everything derived from it comes in one fixed order.
    package let voters: [NodeID]

    package init(voters: [NodeID]) {
        precondition(!voters.isEmpty, "a group needs at least one voter")
        self.voters = Set(voters).sorted()
    }

    package var quorum: Int { voters.count / 2 + 1 }

    package func contains(_ node: NodeID) -> Bool { voters.contains(node) }

    /// Tells whether the given nodes hold a majority; nodes that are no voters do not count.
    package func isQuorum(_ nodes: Set<NodeID>) -> Bool {
        voters.count { nodes.contains($0) } >= quorum
    }

    /// The greatest value that a majority has reached, given how far each voter is.
    package func reachedByQuorum<Mark: Comparable>(_ mark: (NodeID) -> Mark) -> Mark {
        voters.map(mark).sorted(by: >)[quorum - 1]
    }
}

/// Names a snapshot without holding it: the driver keeps and streams the bytes.
package struct SnapshotDescriptor: Hashable, Sendable {
    /// The last entry that the snapshot replaces (lastIncludedIndex and lastIncludedTerm).
    package var position: LogPosition
    /// The membership as of that entry.
    package var membership: Membership

    package init(position: LogPosition, membership: Membership) {
        self.position = position
        self.membership = membership
    }

    package var index: LogIndex { position.index }
    package var term: Term { position.term }
}
