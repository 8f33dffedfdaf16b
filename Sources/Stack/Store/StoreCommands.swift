// The commands that clients send over RESP2, and what each answer promises.
//
//     PING                                        +PONG
//     ROLE                                        role, term, id of the leader or -1, commit index
//     INFO                                        lines of name:value
//     GET key | MGET key... | RANGE prefix limit  linearizable; RANGE gives the highest keys first
//     SET key value [ID client seq]               +OK
//     INCRBY key n [ID client seq]                :sum
//     ONCE idemkey key value [ID client seq]      :1 both set, :0 idemkey was there
//
//     -NOTLEADER host:port   certainly not executed; ask there (`-` while nobody knows)
//     -UNAVAILABLE why       certainly not executed
//     -OVERLOADED why        certainly not executed; ask later
//     -UNKNOWN why           executed or not: only the same ID again is a safe retry
//     -WRONGSHARD            another shard owns the key
//
// Without an ID a command is applied as often as it is sent; that is for people with redis-cli.

import Blueprint
import Linux
import Raft
import Reactor
import Replication
import Wire

@ReactorActor
struct StoreCommands {
    let replica: StoreGroup
    let host: ReplicaHost
    let settings: StoreSettings

    func answer(_ command: RESPCommand) async -> RESPValue {
        do throws(CommandRefusal) {
            return try await run(command)
        } catch {
            return .error(error.text)
        }
    }

    private func run(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        switch command.name {
        case "": return .error("ERR empty command")
        case "PING": return command[1].map { .bulk($0) } ?? .simple("PONG")
        case "ROLE": return role
        case "INFO": return .bulk(infoText)
        case "GET": return try await get(command)
        case "MGET": return try await getMany(command)
        case "RANGE": return try await range(command)
        case "SET", "INCRBY", "ONCE": return try await write(command)
        case "COMMAND", "CLIENT", "CONFIG": return .array([])  // redis-cli asks on connecting.
        default: throw .syntax("unknown command '\(command.name.prefix(32))'")
        }
    }

    // MARK: Reads

    private func get(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        guard command.count == 2, let key = command[1] else { throw .arguments("get") }
        try check(key)
        let values = try await read(.values(of: [key]))
        return values.first ?? .null
    }

    private func getMany(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let keys = Array(command.words.dropFirst())
        guard !keys.isEmpty, keys.count <= Bounds.keysMax else { throw .arguments("mget") }
        for key in keys { try check(key) }
        return .array(try await read(.values(of: keys)))
    }

    private func range(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        guard command.count == 3, let prefix = command[1], let limit = command.integer(2),
            limit > 0
        else { throw .arguments("range") }
        // A prefix without a whole tag may lie in any shard: it reads what this one has.
        if ShardKey.tag(of: prefix.span) != 0..<prefix.count { try check(prefix) }
        let count = min(Int(limit), Bounds.rangeMax)
        return .array(try await read(.range(prefix: prefix, limit: count)))
    }

    private func read(_ query: StoreQuery) async throws(CommandRefusal) -> [RESPValue] {
        switch await replica.read(query) {
        case .values(let values): return values.map { value in value.map { .bulk($0) } ?? .null }
        case .range(let pairs): return pairs.flatMap { [.bulk($0.key), .bulk($0.value)] }
        case .refused(let refusal): throw refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .failed(let error): throw .unavailable(error.description)
        }
    }

    // MARK: Refusals

    func check(_ key: [UInt8]) throws(CommandRefusal) {
        guard !key.isEmpty, key.count <= StoreCommand.keyCountMax else {
            throw .syntax("a key has 1 to \(StoreCommand.keyCountMax) bytes")
        }
        guard ShardKey.shard(of: key, count: settings.shardCount) == settings.shard else {
            throw .wrongShard
        }
    }

    func refused(_ refusal: RaftRefusal) -> CommandRefusal {
        switch refusal {
        case .notLeader(let leader): .notLeader(leader.flatMap(address))
        case .transferring(let target): .notLeader(address(of: target))
        case .overloaded: .overloaded("too many commands are under way")
        case .notVoter, .membership: .unavailable("the members cannot be changed so")
        }
    }

    private func address(of node: NodeID) -> SocketAddress? {
        settings.replicas.first { NodeID(UInt64($0.id)) == node }?.client.address
    }
}

/// What one read may ask for.
enum Bounds {
    static let keysMax = 1024
    static let rangeMax = 10_000
}

/// Why a command has no result, as the first word of an error tells it.
enum CommandRefusal: Error, Equatable {
    case notLeader(SocketAddress?)
    case unavailable(String)
    case unknown(String)
    case overloaded(String)
    case wrongShard
    case syntax(String)

    static func arguments(_ name: String) -> CommandRefusal {
        .syntax("wrong arguments for '\(name)'")
    }

    var text: String {
        switch self {
        case .notLeader(let address): "NOTLEADER \(address.map(\.description) ?? "-")"
        case .unavailable(let why): "UNAVAILABLE \(why)"
        case .unknown(let why): "UNKNOWN \(why)"
        case .overloaded(let why): "OVERLOADED \(why)"
        case .wrongShard: "WRONGSHARD another shard owns this key"
        case .syntax(let what): "ERR \(what)"
        }
    }
}
