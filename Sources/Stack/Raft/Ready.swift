// What a replica asks of its driver, and the order in which the driver has to do it.
//
// For each ready, in the order of their numbers:
//   1. Send `messages`, at once if wanted: they promise nothing about this node's disk.
//   2. Persist, in this order: `hardState`, then `snapshot`, then the cut at `truncateFrom`, then
//      `entries`; then fsync. A crash in between may leave a prefix of this list, nothing else.
//   3. Send `messagesAfterPersistence`. Those of one ready wait for that ready and for all before
//      it, even if it has nothing to write itself: it may confirm what an earlier one writes.
//   4. `step(.persisted(number))`. One acknowledgement covers all readies up to it.
// Independent of 2 to 4, in the order of the readies: apply `committed`, and answer a read of
// `reads` once the state machine has applied the read's index. Entries that were handed out before a
// snapshot are applied, or dropped, before it is installed.
//
// An `installSnapshot` among the messages is not sent as it is. The driver streams the state, which may
// be newer than asked (`snapshotDescriptor(at:)` names it), and the message that its peer steps
// carries the descriptor of what arrived. Its fate is reported with `snapshotFinished`.
//
// The next ready may be taken while the fsync of the one before still runs; then all entries
// proposed meanwhile go to the followers without waiting for this node's disk.

package struct Ready: Sendable {
    package let number: ReadyNumber

    /// Term and vote, if they changed.
    package let hardState: HardState?

    /// A snapshot to install: the staged state takes the place of the state machine, and the
    /// journal is emptied so that it goes on behind the snapshot. Nil if there is none; a snapshot
    /// that was handed in and does not come back here was not needed, and can be thrown away.
    package let snapshot: SnapshotDescriptor?

    /// Entries from this index on, which were written earlier, are void and have to be cut.
    package let truncateFrom: LogIndex?

    /// Entries to append; consecutive, right behind what is left in the journal.
    package let entries: [LogEntry]

    /// Messages that may go before anything of this ready is on disk.
    package let messages: [RaftMessage]

    /// Messages that must wait until this ready, and all before it, are on disk.
    package let messagesAfterPersistence: [RaftMessage]

    /// Entries to apply, consecutive over the readies. Each is on this node's disk already.
    package let committed: [LogEntry]

    /// Reads that may be answered once their index is applied.
    package let reads: [ReadState]

    /// Reads that will not be confirmed here: this node no longer leads, or its leader is gone or
    /// refused.
    package let abandonedReads: [ReadID]

    /// What became of proposals that this node handed to its leader.
    package let forwarded: [ForwardedProposal]

    /// Role, term or leader, if one of them changed. A driver whose node stops leading knows
    /// then that the outcome of its proposals is open.
    package let change: RoleChange?

    /// The configuration in force, if it changed: whom to keep links to. It need not be
    /// committed, and may change back.
    package let membership: Membership?

    /// Whether step 2 has anything to write.
    package var needsPersistence: Bool {
        hardState != nil || snapshot != nil || truncateFrom != nil || !entries.isEmpty
    }

    /// Whether there is nothing to do at all.
    var isEmpty: Bool {
        !needsPersistence && messages.isEmpty && messagesAfterPersistence.isEmpty
            && committed.isEmpty && reads.isEmpty && abandonedReads.isEmpty && forwarded.isEmpty
            && change == nil
            && membership == nil
    }
}

/// What a node is, to the outside.
package enum RaftRole: String, Hashable, Sendable {
    case follower, preCandidate, candidate, leader
}

package struct RoleChange: Hashable, Sendable {
    package let role: RaftRole
    package let term: Term
    /// Nil while no leader of this term is known.
    package let leader: NodeID?
}

/// Messages that wait for the next ready, by when they may leave.
struct Outbox: Sendable {
    var immediate: [RaftMessage] = []
    var afterPersistence: [RaftMessage] = []

    mutating func add(_ message: RaftMessage, isHasty: Bool) {
        if isHasty || message.body.mayPrecedePersistence {
            immediate.append(message)
        } else {
            afterPersistence.append(message)
        }
    }

    /// Empties the outbox.
    mutating func take() -> Outbox {
        let taken = self
        self = Outbox()
        return taken
    }
}

extension RaftNode {
    /// Gives out everything that is to be done, or nil when there is nothing.
    package mutating func takeReady() -> Ready? {
        flushReads()
        flushForwards()
        flushAppends()
        let reads = takeConfirmedReads() + forwardedReads.takeConfirmed()
        let writes = log.takeUnwritten()
        let hardState = self.hardState
        let snapshot = pendingSnapshot
        let messages = outbox.take()
        let ready = Ready(
            number: ledger.lastNumber.next,
            hardState: hardState == ledger.issued ? nil : hardState,
            snapshot: snapshot,
            truncateFrom: writes.cut,
            entries: writes.entries,
            messages: messages.immediate,
            messagesAfterPersistence: messages.afterPersistence,
            committed: log.takeCommitted(bytesMax: configuration.committedBytesMax),
            reads: reads,
            abandonedReads: abandonedReads, forwarded: forwardedProposals.takeOutcomes(),
            change: takeChange(), membership: memberships.takeChange())
        abandonedReads = []
        pendingSnapshot = nil
        guard !ready.isEmpty else { return nil }
        ledger.openReady()
        if snapshot != nil { recovery?.willInstall(in: ready.number) }
        if ready.needsPersistence { ledger.issue(hardState, last: log.issued) }
        return ready
    }

    private mutating func takeChange() -> RoleChange? {
        let present = RoleChange(role: roleName, term: term, leader: leader)
        guard present != announced else { return nil }
        announced = present
        return present
    }
}
