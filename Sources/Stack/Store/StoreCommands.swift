// The commands that clients send over RESP2, and what each answer promises.
//
//     PING                                        +PONG
//     ROLE                                        role, term, id of the leader or -1, commit index
//     INFO                                        lines of name:value
//
//   Reads, linearizable:
//     GET key [VERSION]           the value, or null; with VERSION: value, version (null, 0)
//     GET key [VERSION] FOLLOWER  the same of any replica, which asks the leader how far to be
//     GET key [VERSION] STALE ms  of any replica at once: value, [version,] and the most by which it
//                                 may be out of date, in ms; -TOOSTALE when that is over the bound
//     MGET key...                 a value or null for each
//     RANGE prefix limit          key, value, ... from the highest key downwards
//     RANGE prefix limit FOLLOWER the same of any replica
//
//   Writes; each may end in `ID client seq`:
//     SET key value               +OK
//     SET key value NX | IFVERSION n | IFVALUE v    :version of the write, or null: not set
//     DEL key                     :1, or :0 for a key that was not there
//     DEL key IFVERSION n | IFVALUE v               :version of the deletion, or null: not deleted
//     INCRBY key n                :sum
//     ONCE idemkey key value      :1 both set, :0 idemkey was there
//     TXN [IF test...] [THEN change...]             1, version of its writes; or 0, place of the
//                                                   first test, from 0, that did not hold
//         test    VERSION key n | VALUE key v | ABSENT key | PRESENT key
//         change  SET key value | DEL key | INCRBY key n          one for each key
//         keys of several shards: any node carries it out, two-phase, see TwoPhase.swift; the
//         session of an ID is one of the shard of the first key
//     SESSION [key]               @name, for `ID @name seq`: the safe kind, see RequestTable.swift;
//                                 of the shard that owns the key, or of the one that is asked
//
//   CHECKSUM, BACKUP, RESTORE: see StoreCommands+Upkeep.swift
//
//   Refusals:
//     -NOTLEADER host:port        certainly not executed; ask there (`-` while nobody knows)
//     -UNAVAILABLE why            certainly not executed
//     -OVERLOADED why             certainly not executed; ask later
//     -TOOLARGE why               certainly not executed; a key, a value, a transaction or the
//                                 answer to a read is over its limit
//     -WRONGSHARD version address certainly not executed; another shard owns the key, by a routing
//                                 table of that version; ask there (`-` while nobody knows)
//     -UNKNOWN why                executed or not: only the same ID again is a safe retry
//     -SESSIONEXPIRED             this try certainly not executed, an earlier one perhaps; the
//                                 same ID will never be executed again
//
// Without an ID a command is applied as often as it is sent; that is for people with redis-cli. A
// key's version is the log index of its last write, 0 for a key that is not there.

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
    let routes: ShardRoutes
    let transactions: ShardTransactions
    let figures: StoreFigures

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
        case "CHECKSUM": return try await checksum(command)
        case "BACKUP": return try await backup(command)
        case "RESTORE": return try await restore(command)
        case "SET", "DEL", "INCRBY", "ONCE", "TXN", "SESSION": return try await write(command)
        case "COMMAND", "CLIENT", "CONFIG": return .array([])  // redis-cli asks on connecting.
        default: throw .syntax("unknown command '\(command.name.prefix(32))'")
        }
    }

    // MARK: Reads

    private func get(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let key = try words.take()
        let wantsVersion = words.take(ifWord: "VERSION")
        let place = try words.takeReadPlace()
        try words.expectEnd()
        let (values, age) = try await values(of: [key], place)
        let found = values.first ?? nil
        var answer = [found.map { RESPValue.bulk($0.value) } ?? .null]
        if wantsVersion { answer.append(.integer(Int64(clamping: found?.version ?? 0))) }
        if let age { answer.append(.integer(age.milliseconds)) }
        return answer.count == 1 ? answer[0] : .array(answer)
    }

    private func getMany(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let keys = Array(command.words.dropFirst())
        guard !keys.isEmpty, keys.count <= Bounds.keysMax else { throw .arguments("mget") }
        return .array(
            try await values(of: keys, .leader).values.map { $0.map { .bulk($0.value) } ?? .null })
    }

    private func values(
        of keys: [[UInt8]], _ place: ReadPlace
    ) async throws(CommandRefusal) -> (values: [VersionedValue?], age: Duration?) {
        for key in keys { try check(key) }
        let (outcome, age) = try await read(.values(of: keys), place)
        guard case .values(let values) = outcome else {
            throw .unavailable("the read gave no values")
        }
        // A split may have come while the quorum was asked; what was read is as of now.
        for key in keys { try check(key) }
        return (values, age)
    }

    private func range(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let prefix = try words.take()
        let limit = try words.takeInteger()
        let place: ReadPlace = words.take(ifWord: "FOLLOWER") ? .anywhere : .leader
        try words.expectEnd()
        guard limit > 0 else { throw .arguments("range") }
        // A prefix without a whole tag may lie in any shard: it reads what this one has.
        let isOneUser = ShardKey.tag(of: prefix.span) != 0..<prefix.count
        if isOneUser { try check(prefix) }
        let count = min(Int(limit), Bounds.rangeMax)
        let query = StoreQuery.range(prefix: prefix, limit: count)
        guard case .range(let pairs) = try await read(query, place).outcome else {
            throw .unavailable("the read gave no range")
        }
        if isOneUser { try check(prefix) }
        let own = pairs.filter { replica.state.table.serves($0.key) }
        return .array(own.flatMap { [.bulk($0.key), .bulk($0.value)] })
    }

    /// What was found: values or a range, as the query asked.
    private func read(
        _ query: StoreQuery, _ place: ReadPlace
    ) async throws(CommandRefusal) -> (outcome: QueryOutcome, age: Duration?) {
        figures.reads += 1
        let deadline = MonotonicTime.now() + replica.limits.answerTimeout
        var (outcome, age) = await replica.read(query, place)
        var count = 0
        while case .locked(let holder) = outcome {
            count += 1
            guard await transactions.wait(for: holder, on: replica, count, until: deadline) else {
                break
            }
            (outcome, age) = await replica.read(query, place)
        }
        switch outcome {
        case .values, .range: return (outcome, age)
        case .tooOld: throw .tooStale(age)
        case .locked: throw .unavailable("a key is held by a transaction")
        case .tooLarge:
            throw .tooLarge("an answer has at most \(Bounds.answerBytesMax) bytes; ask for less")
        case .refused(let refusal): throw refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .failed(let error): throw .unavailable(error.description)
        }
    }

    // MARK: Refusals

    func check(_ key: [UInt8]) throws(CommandRefusal) {
        do throws(StoreCommandError) {
            try StoreCommand.check(key: key)
        } catch {
            throw .tooLarge(error.description)
        }
        if replica.state.table.serves(key) { return }
        guard routes.owner(of: key)?.shard == replica.id,
            replica.state.table.ties.frozen != nil
        else { throw routes.refusal(for: key) }
        throw .unavailable("shard \(replica.id) is being merged into another")
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
        routes.address(of: node)?.client.address
    }
}

/// What a node has been asked since its start.
@ReactorActor
final class StoreFigures {
    /// GET, MGET and RANGE that came to the state, whatever they found.
    var reads = 0
}

/// What one read may ask for.
enum Bounds {
    static let keysMax = 1024
    static let rangeMax = 10_000
    /// Bytes of keys and values in one answer.
    static let answerBytesMax = 8 << 20
}

/// Why a command has no result, as the first word of an error tells it.
enum CommandRefusal: Error, Equatable {
    case notLeader(SocketAddress?)
    case unavailable(String)
    case unknown(String)
    case overloaded(String)
    case wrongShard(version: UInt64, SocketAddress?)
    case tooLarge(String)
    case sessionExpired
    /// The most by which an answer may be out of date here, where that is known.
    case tooStale(Duration?)
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
        case .wrongShard(let version, let address):
            "WRONGSHARD \(version) \(address.map(\.description) ?? "-")"
        case .tooStale(nil): "TOOSTALE this replica does not know how far it is behind"
        case .tooStale(let age?): "TOOSTALE this replica may be \(age.milliseconds) ms behind"
        case .tooLarge(let what): "TOOLARGE \(what)"
        case .sessionExpired: "SESSIONEXPIRED whether an earlier try was executed is not known"
        case .syntax(let what): "ERR \(what)"
        }
    }
}

extension Duration {
    /// Whole ones, rounded up: a bound must not get smaller on its way.
    fileprivate var milliseconds: Int64 { (nanoseconds + 999_999) / 1_000_000 }
}
