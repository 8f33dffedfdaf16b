// A state in a folder of its own, and entries written as short as tests read best.

import Linux
import Raft
import Store
import Synchronization

private let folderCount = Atomic<Int>(0)

/// A temporary folder that goes away with its last reference; in memory where possible.
final class StateFolder: Sendable {
    let path: String

    init() throws {
        let number = folderCount.add(1, ordering: .relaxed).newValue
        let base = File.exists("/dev/shm") ? "/dev/shm" : "/tmp"
        path = "\(base)/store-tests-\(CurrentProcess.id)-\(number)"
        try File.makeDirectories(path)
    }

    deinit { try? File.removeTree(path) }

    func file(_ name: String) -> String { path + "/" + name }
}

let voters = Membership(voters: [NodeID(1), NodeID(2), NodeID(3)])

extension KeyValueState {
    static func open(
        _ folder: StateFolder, mapSize: Int = 16 << 20, requestCountMax: Int = 100,
        requestAgeMax: UInt64 = 1_000_000
    ) throws -> KeyValueState {
        var options = Options(mapSize: mapSize)
        options.requestCountMax = requestCountMax
        options.requestAgeMax = requestAgeMax
        return try KeyValueState(folder: folder.path, membership: voters, options: options)
    }

    /// Applies one command as the next entry.
    @discardableResult
    func apply(_ command: StoreCommand) throws -> StoreReply? {
        try apply([entry(applied.index.rawValue + 1, command)])[0]
    }

    func text(_ key: String) throws -> String? {
        try value(of: Array(key.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    func keys(prefix: String, limit: Int = 1000) throws -> [String] {
        (try range(prefix: Array(prefix.utf8), limit: limit) ?? [])
            .map { String(decoding: $0.key, as: UTF8.self) }
    }

    /// All data, for comparing replicas.
    func everything() throws -> [KeyValue] { try range(prefix: [], limit: .max) ?? [] }
}

func entry(_ index: UInt64, _ command: StoreCommand?, term: UInt64 = 1) -> LogEntry {
    LogEntry(
        index: LogIndex(index), term: Term(term),
        payload: command.map { .command($0.encoded) } ?? .noOp)
}

func id(_ client: String, _ sequence: UInt64) -> RequestID {
    RequestID(client: Array(client.utf8), sequence: sequence)
}

extension StoreCommand {
    static func set(_ key: String, _ value: String, _ request: RequestID?) throws -> StoreCommand {
        try StoreCommand(
            request: request, action: .set(key: Array(key.utf8), value: Array(value.utf8)))
    }

    static func add(_ key: String, _ amount: Int64, _ request: RequestID?) throws -> StoreCommand {
        try StoreCommand(request: request, action: .increment(key: Array(key.utf8), by: amount))
    }

    static func transact(
        _ conditions: [Condition], _ writes: [Write], _ request: RequestID?
    ) throws -> StoreCommand {
        let transaction = try Transaction(conditions: conditions, writes: writes)
        return try StoreCommand(request: request, action: .transact(transaction))
    }

    static func once(
        _ token: String, _ key: String, _ value: String, _ request: RequestID?
    ) throws -> StoreCommand {
        try StoreCommand(
            request: request,
            action: .once(
                token: Array(token.utf8), key: Array(key.utf8), value: Array(value.utf8)))
    }
}
