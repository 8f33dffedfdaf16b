// Writes: from the words of a command to an entry of the log, and from what applying it gave to the
// client's answer.

import Linux
import Raft
import Reactor
import Replication
import Wire

extension StoreCommands {
    func write(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let (write, form) = try words.takeWrite()
        if let request = write.request, request.isReserved {
            throw .syntax("names with \(RequestID.reservedMark) are the store's own")
        }
        if case .transact(let transaction) = write.action, transactions.isSpread(transaction) {
            return try form.answer(
                try await transactions.coordinate(transaction, for: write.request), of: replica.id)
        }
        for key in write.action.keys { try check(key) }
        if write.action == .openSession, let key = command[1] { try check(key) }
        return try form.answer(try await replicate(write), of: replica.id)
    }

    /// Puts a command into the log, again and again while a transaction holds one of its keys.
    func replicate(_ write: StoreCommand) async throws(CommandRefusal) -> StoreReply {
        let deadline = MonotonicTime.now() + replica.limits.answerTimeout
        var count = 0
        while true {
            switch await replica.propose(write.encoded) {
            case .applied(.locked(let holder)):
                count += 1
                guard await transactions.wait(for: holder, on: replica, count, until: deadline)
                else { throw .unavailable("a key is held by a transaction") }
            case .applied(.refused(.moved)):
                for key in write.action.keys { try check(key) }
                throw .unavailable("the shard has just been split")
            case .applied(let reply): return reply
            case .refused(let refusal): throw refused(refusal)
            case .unknown: throw .unknown("no majority answered in time")
            }
        }
    }
}

/// How a command wants to hear what became of it.
enum AnswerForm {
    /// `+OK`, or the number that came out.
    case plain
    /// The version that the write left, or null when its condition did not hold.
    case conditional
    /// `1, version`, or `0, place` with the place of the first condition that did not hold.
    case transaction

    func answer(_ reply: StoreReply, of shard: GroupID) throws(CommandRefusal) -> RESPValue {
        switch reply {
        case .ok: return .simple("OK")
        case .integer(let value): return .integer(value)
        case .committed(let version): return committed(Int64(clamping: version))
        case .failed(let place): return failed(Int64(place))
        case .session(let index):
            return .bulk(RequestID.sessionName(openedAt: index, of: shard.rawValue))
        case .expired: throw .sessionExpired
        case .refused(.notInteger): throw .syntax("value is not an integer or out of range")
        case .refused(.overflow): throw .syntax("increment would overflow")
        case .refused(.moved): throw .unavailable("another shard owns a key")
        case .refused(.overloaded): throw .overloaded("too many transactions are prepared")
        case .locked, .begun, .prepared, .aborted:
            throw .unavailable("a transaction was left unfinished")
        case .refused(.malformed): throw .syntax("the command is not one that this build knows")
        }
    }

    private func committed(_ version: Int64) -> RESPValue {
        switch self {
        case .plain: .simple("OK")
        case .conditional: .integer(version)
        case .transaction: .array([.integer(1), .integer(version)])
        }
    }

    private func failed(_ place: Int64) -> RESPValue {
        switch self {
        case .plain, .conditional: .null
        case .transaction: .array([.integer(0), .integer(place)])
        }
    }
}
