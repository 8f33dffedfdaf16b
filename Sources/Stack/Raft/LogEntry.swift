// What a replica keeps on disk: entries, the hard state, and the description of a snapshot.

/// One entry of the replicated log.
package struct LogEntry: Hashable, Sendable {
    package enum Payload: Hashable, Sendable {
        /// Written by a new leader so that it can commit what earlier terms left (Raft paper, 8).
        case noOp
        /// Bytes that mean something to the state machine alone.
        case command([UInt8])
        /// Who belongs to the group from this entry on, committed or not (Raft paper, 6).
        case configuration(Membership)

        /// Bytes that limits are counted in: the command and a fixed share for what goes with it.
        package var byteCount: Int {
            switch self {
            case .noOp: 24
            case .command(let bytes): 24 + bytes.count
            case .configuration(let membership): 24 + 8 * membership.members.count
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

    /// Entries that this node confirmed are gone from its log (Recovery.swift).
    ///
    /// The driver that finds the damage sets it, and makes it durable before it repairs the journal:
    /// after that the log looks sound. The core clears it.
    package var isRecovering: Bool

    package init(term: Term, vote: NodeID?, isRecovering: Bool = false) {
        self.term = term
        self.vote = vote
        self.isRecovering = isRecovering
    }

    /// The state of a replica that was never started.
    package static let initial = HardState(term: .zero, vote: nil)
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
