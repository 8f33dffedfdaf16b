// Applying committed entries. Everything here depends on the state and the entry alone, never on a
// clock, a limit of this machine or the order of a hash table: replicas that apply the same entries
// hold the same state, however the entries were batched.

package import Raft

extension KeyValueState {
    /// Applies a batch in order and stores its last position with it; one reply for each command.
    ///
    /// Nil is the reply to an entry without a command, and to one that was applied before.
    /// After an error nothing of the batch counts and the state is failed for good.
    package func apply(_ entries: [LogEntry]) throws(StateError) -> [StoreReply?] {
        let transaction = try transaction()
        var replies: [StoreReply?] = []
        replies.reserveCapacity(entries.count)
        var position = applied
        do throws(StateError) {
            for entry in entries {
                guard entry.index > position.index else {
                    replies.append(nil)
                    continue
                }
                precondition(entry.index == position.index.next, "entries are applied in order")
                replies.append(try apply(entry, transaction))
                position = entry.position
            }
            if position != applied { try tables.put(position, transaction) }
        } catch {
            fail(error)
            throw error
        }
        applied = position
        return replies
    }

    private func apply(
        _ entry: LogEntry, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply? {
        if case .configuration(let members) = entry.payload {
            membership = members
            // Of a frozen shard the version is what a merge is sealed with.
            if ties.frozen == nil { ownership.version += 1 }
            try tables.put(members, transaction)
            try tables.put(ownership, transaction)
        }
        guard case .command(let bytes) = entry.payload else { return nil }
        let command: StoreCommand
        do {
            command = try StoreCommand(decoding: bytes.span)
        } catch {
            return .refused(.malformed)
        }
        switch command.action {
        case .merge(let step):
            return try carryOut(step, at: entry.index.rawValue, transaction)
        case .checksum: return .integer(Int64(clamping: entry.index.rawValue))
        default: return try apply(command, at: logical(entry.index), transaction)
        }
    }

    private func apply(
        _ command: StoreCommand, at index: UInt64, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply {
        let requests = requests(transaction)
        if command.action == .openSession {
            guard ties.frozen == nil else { return .refused(.moved) }
            let reply = StoreReply.session(openedAt: index)
            forgottenCount += try requests.keep(
                reply, to: .opening(at: index, of: shard), at: index)
            return reply
        }
        let changes = Changes(data: data(transaction), index: index)
        let ledger = ledger(transaction)
        if case .step(let step) = command.action {
            guard owns(command.action) else { return .refused(.moved) }
            var phases = TwoPhase(changes, requests, ledger, at: shard, ties)
            defer { forgottenCount += phases.forgottenCount }
            return try phases.carryOut(step, for: command.request)
        }
        guard let request = command.request else {
            guard owns(command.action) else { return .refused(.moved) }
            if let holder = try ledger.holder(ofAny: command.action.keys) { return .locked(holder) }
            return try changes.carryOut(command.action)
        }
        switch try requests.standing(of: request) {
        case .answered(let reply): return reply
        case .expired: return .expired
        case .new: break
        }
        // Not kept: another try of it is for the shard that has the keys now.
        guard owns(command.action) else { return .refused(.moved) }
        if let holder = try ledger.holder(ofAny: command.action.keys) { return .locked(holder) }
        let reply = try changes.carryOut(command.action)
        forgottenCount += try requests.keep(reply, to: request, at: index)
        return reply
    }

    private func owns(_ action: StoreCommand.Action) -> Bool {
        action.keys.allSatisfy(serves)
    }
}
