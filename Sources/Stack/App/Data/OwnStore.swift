// The rows of a monolith: in memory to be read, and in a journal that has them before anyone is told
// so. A row is not visible before it is on the disk either, or a reader could have seen what a crash
// then takes back.
//
// All changes that come while one fsync is under way share the next one. After a failed write nobody
// knows what the disk holds: reads go on, every further write is refused, and a restart reads what is
// really there.
//
// Growth is bounded: rows by `dataMax` and the journal by `journalMax`, past which writes are refused.
// A start writes a journal anew that is mostly of rows since replaced.

import Collections
import Journal
import Linux
import Reactor
import Telemetry
import Wire

/// How much a monolith holds.
struct OwnStoreLimits: Sendable {
    /// Bytes of rows, as `RowTable` counts them.
    var dataMax = 512 << 20
    /// Bytes of journal.
    var journalMax = 4 << 30
    /// Changes that wait for the disk at once.
    var pendingMax = 10_000
    /// A start leaves a journal alone that has no more than this beside the rows, in bytes.
    var slack = 16 << 20

    init() {}
}

@ReactorActor
final class OwnStore: DataStore {
    private let name: String
    private let limits: OwnStoreLimits
    private let journal: SegmentedJournal
    private var rows: RowTable
    private var pending = FIFO<(index: UInt64, changes: [RowChange])>()
    /// Bytes that the pending changes may add.
    private var pendingSize = 0
    /// Tokens of `once` that wait for the disk.
    private var tokensUnderWay: Set<String> = []
    private let landed = Turnstile()
    private var isSyncing = false
    private let log: Log

    /// Reads what an earlier process left in the folder.
    init(
        name: String, folder: String, limits: OwnStoreLimits = OwnStoreLimits()
    ) throws(JournalError) {
        self.name = name
        self.limits = limits
        log = Log(name)
        var rows = RowTable()
        var isReadable = true
        let opened = try SegmentedJournal.open(folder: folder) { record in
            guard record.kind == RowRecord.kind,
                let changes = try? RowRecord.decode(record.payload.span)
            else {
                isReadable = false
                return
            }
            for change in changes { rows.apply(change) }
        }
        guard isReadable else { throw .corrupt(segment: folder, offset: 0) }
        journal = opened.journal
        self.rows = rows
        log.info("data read", ["rows": rows.count, "records": opened.recovery.recordCount])
        try writeAnewIfWorthwhile()
    }

    var rowCount: Int { rows.count }
    var byteCount: Int { rows.byteCount }
    var journalSize: Int { journal.byteCount }
    /// False once the disk has failed.
    var isWritable: Bool { journal.poison == nil }

    /// Those that were acknowledged and not done when the last process ended.
    var waitingOrders: [ShopOrder] {
        var orders: [ShopOrder] = []
        rows.forEach { key, _ in
            if let order = ShopOrder(row: key) { orders.append(order) }
        }
        return orders.sorted { ($0.user, $0.id) < ($1.user, $1.id) }
    }

    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]? {
        rows[key]
    }

    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [DataRow] {
        rows.range(prefix, limit: limit)
    }

    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        try await write([.put(key: key, value: Array(value.utf8))], deadline)
        return name
    }

    func remove(_ key: String, deadline: MonotonicTime) async throws(DependencyError) {
        try await write([.remove(key: key)], deadline)
    }

    func once(
        token: String, _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        _ = try await once(
            token: token, [.put(key: key, value: Array(value.utf8))], deadline: deadline)
        return name
    }

    /// Makes the changes together with the token; false when the token was there already.
    func once(
        token: String, _ changes: [RowChange], deadline: MonotonicTime
    ) async throws(DependencyError) -> Bool {
        while tokensUnderWay.contains(token) {
            guard await landed.wait(deadline: deadline) else { throw .unknown("slow disk") }
        }
        if rows[token] != nil { return false }
        tokensUnderWay.insert(token)
        defer {
            tokensUnderWay.remove(token)
            // Those who wait for the token may have looked before it was given back.
            landed.wakeAll()
        }
        try await write([.put(key: token, value: [])] + changes, deadline)
        return true
    }

    // MARK: Writing

    private func write(
        _ changes: [RowChange], _ deadline: MonotonicTime
    ) async throws(DependencyError) {
        let size = changes.reduce(0) { $0 + $1.size }
        if rows.byteCount + pendingSize + size > limits.dataMax {
            throw .overloaded("data is full")
        }
        if journal.byteCount > limits.journalMax { throw .overloaded("journal is full") }
        if pending.count >= limits.pendingMax { throw .overloaded("too many writes at once") }
        let index: UInt64
        do {
            index = try journal.append(kind: RowRecord.kind, payload: RowRecord.encode(changes))
        } catch {
            throw .unavailable("\(error)")
        }
        pending.append((index, changes))
        pendingSize += size
        startSyncing()
        while journal.durableIndex < index {
            guard isWritable else { throw .unknown("the disk failed") }
            guard await landed.wait(deadline: deadline) else { throw .unknown("slow disk") }
        }
    }

    private func startSyncing() {
        if isSyncing { return }
        isSyncing = true
        Task { @ReactorActor in
            do {
                while let batch = try journal.beginSync() {
                    try journal.finishSync(await offload { batch.perform() })
                    applyDurable()
                    landed.wakeAll()
                }
            } catch {
                log.error("no further write", ["reason": "\(error)"])
                landed.wakeAll()
            }
            isSyncing = false
        }
    }

    private func applyDurable() {
        while let next = pending.first, next.index <= journal.durableIndex {
            _ = pending.popFirst()
            for change in next.changes {
                rows.apply(change)
                pendingSize -= change.size
            }
        }
    }

    /// All rows again behind what is there, then away with that. A crash in between leaves both,
    /// which read the same.
    private func writeAnewIfWorthwhile() throws(JournalError) {
        guard journal.byteCount > 2 * rows.byteCount + limits.slack else { return }
        let first = journal.nextIndex
        try rows.forEach { (key, value) throws(JournalError) in
            _ = try journal.append(
                kind: RowRecord.kind, payload: RowRecord.encode([.put(key: key, value: value)]))
        }
        try journal.sync()
        try journal.dropPrefix(before: first)
        try journal.sync()
    }
}
