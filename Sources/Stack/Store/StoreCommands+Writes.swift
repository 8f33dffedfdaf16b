// Writes: from the words of a command to an entry of the log, and from what applying it gave to the
// client's answer.

import Replication
import Wire

extension StoreCommands {
    func write(_ words: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let command = try parse(words)
        for key in command.action.keys { try check(key) }
        switch await replica.propose(command.encoded) {
        case .applied(let reply): return Self.answer(reply)
        case .refused(let refusal): throw refused(refusal)
        case .unknown: throw .unknown("no majority answered in time")
        }
    }

    private func parse(_ words: RESPCommand) throws(CommandRefusal) -> StoreCommand {
        let action = try action(of: words)
        let request = try request(of: words)
        do throws(StoreCommandError) {
            return try StoreCommand(request: request, action: action)
        } catch {
            throw .syntax(error.description)
        }
    }

    private func action(of words: RESPCommand) throws(CommandRefusal) -> StoreCommand.Action {
        switch words.name {
        case "SET":
            guard let key = words[1], let value = words[2] else { throw .arguments("set") }
            return .set(key: key, value: value)
        case "INCRBY":
            guard let key = words[1], let step = words.integer(2) else {
                throw .arguments("incrby")
            }
            return .increment(key: key, by: step)
        default:
            guard let token = words[1], let key = words[2], let value = words[3] else {
                throw .arguments("once")
            }
            return .once(token: token, key: key, value: value)
        }
    }

    /// The words behind the command's own: `ID client seq`, or nothing.
    private func request(of words: RESPCommand) throws(CommandRefusal) -> RequestID {
        let own = words.name == "ONCE" ? 4 : 3
        if words.count == own { return replica.state.anonymousRequest() }
        guard words.count == own + 3, words.text(own)?.uppercased() == "ID",
            let client = words[own + 1], let sequence = words.integer(own + 2), sequence >= 0
        else { throw .arguments(words.name.lowercased()) }
        return RequestID(client: client, sequence: UInt64(sequence))
    }

    private static func answer(_ reply: StoreReply) -> RESPValue {
        switch reply {
        case .ok: .simple("OK")
        case .integer(let value): .integer(value)
        case .refused(.notInteger): .error("ERR value is not an integer or out of range")
        case .refused(.overflow): .error("ERR increment would overflow")
        case .refused(.malformed): .error("ERR the command is not one that this build knows")
        }
    }
}

extension StoreCommand.Action {
    /// Every key that it touches; all have to be this shard's.
    var keys: [[UInt8]] {
        switch self {
        case .set(let key, _), .increment(let key, _): [key]
        case .once(let token, let key, _): [token, key]
        }
    }
}
