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
        guard case .command(let bytes) = entry.payload else { return nil }
        let command: StoreCommand
        do {
            command = try StoreCommand(decoding: bytes.span)
        } catch {
            return .refused(.malformed)
        }
        let known = try requests.reply(
            to: command.request, transaction, path: environment.path)
        if let known { return known }
        let reply = try carryOut(command.action, transaction)
        forgottenCount += try requests.keep(
            reply, to: command.request, at: entry.index.rawValue, transaction)
        return reply
    }

    private var requests: RequestTable {
        RequestTable(
            requests: tables.requests, order: tables.order, countMax: options.requestCountMax)
    }

    private func carryOut(
        _ action: StoreCommand.Action, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply {
        switch action {
        case .set(let key, let value):
            try transaction.put(value, for: key, in: tables.data)
            return .ok
        case .increment(let key, let amount):
            return try increment(key, by: amount, transaction)
        case .once(let token, let key, let value):
            if try transaction.value(of: token, in: tables.data) != nil { return .integer(0) }
            try transaction.put([UInt8(ascii: "1")], for: token, in: tables.data)
            try transaction.put(value, for: key, in: tables.data)
            return .integer(1)
        }
    }

    private func increment(
        _ key: [UInt8], by amount: Int64, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply {
        let old = try transaction.value(of: key, in: tables.data) ?? [UInt8(ascii: "0")]
        guard let number = Self.number(old) else { return .refused(.notInteger) }
        let (sum, isOver) = number.addingReportingOverflow(amount)
        if isOver { return .refused(.overflow) }
        try transaction.put(Array(String(sum).utf8), for: key, in: tables.data)
        return .integer(sum)
    }

    /// Strict, as Redis is: one number has one text, without `+`, spaces or leading zeros.
    private static func number(_ text: [UInt8]) -> Int64? {
        guard text.count <= 20 else { return nil }
        let string = String(decoding: text, as: UTF8.self)
        guard let number = Int64(string), String(number) == string else { return nil }
        return number
    }
}
