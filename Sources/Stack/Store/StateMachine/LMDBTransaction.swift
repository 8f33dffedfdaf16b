// One transaction: reads see its own writes, and all of it becomes durable at once or not at all.

import CLMDB

/// An open transaction; aborted with its last reference unless it was committed.
@safe final class LMDBTransaction {
    private let environment: LMDBEnvironment
    /// Nil once it is over.
    private var handle: OpaquePointer?

    init(_ handle: OpaquePointer, in environment: LMDBEnvironment) {
        unsafe self.handle = unsafe handle
        self.environment = environment
    }

    deinit { abort() }

    /// Opens a table by name and creates it when it is not there.
    func table(_ name: String, creating: Bool) throws(StateError) -> LMDBTable {
        var id: MDB_dbi = 0
        let flags = UInt32(creating ? MDB_CREATE : 0)
        let code = unsafe mdb_dbi_open(live, name, flags, &id)
        if code == MDB_NOTFOUND { throw .damaged(path: environment.path) }
        try environment.check(code, "mdb_dbi_open(\(name))")
        return LMDBTable(id: id)
    }

    func value(of key: [UInt8], in table: LMDBTable) throws(StateError) -> [UInt8]? {
        var found: [UInt8]?
        let code = unsafe withValue(key) { key in
            var value = unsafe MDB_val()
            let code = unsafe mdb_get(live, table.id, key, &value)
            if code == 0 { found = unsafe Self.copy(value) }
            return code
        }
        if code == MDB_NOTFOUND { return nil }
        try environment.check(code, "mdb_get")
        return found
    }

    /// Sets the value, over an older one.
    func put(_ value: [UInt8], for key: [UInt8], in table: LMDBTable) throws(StateError) {
        let code = unsafe withValue(key) { key in
            unsafe withValue(value) { value in unsafe mdb_put(live, table.id, key, value, 0) }
        }
        try environment.check(code, "mdb_put")
    }

    /// Removes the key; false when it was not there.
    @discardableResult
    func delete(_ key: [UInt8], in table: LMDBTable) throws(StateError) -> Bool {
        let code = unsafe withValue(key) { key in unsafe mdb_del(live, table.id, key, nil) }
        if code == MDB_NOTFOUND { return false }
        try environment.check(code, "mdb_del")
        return true
    }

    func count(of table: LMDBTable) throws(StateError) -> Int {
        var status = MDB_stat()
        try environment.check(unsafe mdb_stat(live, table.id, &status), "mdb_stat")
        return status.ms_entries
    }

    /// The pair with the lowest key, or nil when the table is empty.
    func first(in table: LMDBTable) throws(StateError) -> KeyValue? {
        var found: KeyValue?
        try walk(table, from: nil, MDB_FIRST, then: MDB_NEXT) { pair in
            found = pair
            return false
        }
        return found
    }

    /// Visits pairs from the highest key below `bound` downwards, for as long as `visit` says so.
    func descend(
        _ table: LMDBTable, below bound: [UInt8]?, _ visit: (KeyValue) -> Bool
    ) throws(StateError) {
        try walk(table, from: bound, MDB_LAST, then: MDB_PREV, visit)
    }

    /// Makes everything durable: data pages, fsync, then the root that names them, fsync.
    func commit() throws(StateError) {
        let ending = unsafe live
        unsafe handle = nil
        try environment.check(unsafe mdb_txn_commit(ending), "mdb_txn_commit")
    }

    func abort() {
        guard let ending = unsafe handle else { return }
        unsafe handle = nil
        unsafe mdb_txn_abort(ending)
    }

    private var live: OpaquePointer {
        guard let handle = unsafe handle else { preconditionFailure("the transaction is over") }
        return unsafe handle
    }

    /// Starts at the last pair below `bound`, or where `start` says, and goes on by `step`.
    private func walk(
        _ table: LMDBTable, from bound: [UInt8]?, _ start: MDB_cursor_op,
        then step: MDB_cursor_op, _ visit: (KeyValue) -> Bool
    ) throws(StateError) {
        var opened: OpaquePointer?
        try environment.check(unsafe mdb_cursor_open(live, table.id, &opened), "mdb_cursor_open")
        guard let cursor = unsafe opened else { return }
        defer { unsafe mdb_cursor_close(cursor) }
        var code = unsafe Self.position(cursor, below: bound, start)
        var key = unsafe MDB_val()
        var value = unsafe MDB_val()
        if code == 0 { code = unsafe mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) }
        while code == 0 {
            if !visit(unsafe KeyValue(key: Self.copy(key), value: Self.copy(value))) { return }
            code = unsafe mdb_cursor_get(cursor, &key, &value, step)
        }
        if code != MDB_NOTFOUND { try environment.check(code, "mdb_cursor_get") }
    }

    private static func position(
        _ cursor: OpaquePointer, below bound: [UInt8]?, _ start: MDB_cursor_op
    ) -> Int32 {
        var value = unsafe MDB_val()
        if let bound {
            let code = unsafe withValue(bound) { key in
                unsafe mdb_cursor_get(cursor, key, &value, MDB_SET_RANGE)
            }
            if code != MDB_NOTFOUND {
                var key = unsafe MDB_val()
                return code == 0 ? unsafe mdb_cursor_get(cursor, &key, &value, MDB_PREV) : code
            }
        }
        var key = unsafe MDB_val()
        return unsafe mdb_cursor_get(cursor, &key, &value, start)
    }

    /// Values point into the map and are gone with the next write, so they are copied.
    private static func copy(_ value: MDB_val) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
    }
}

/// A key and its value.
package struct KeyValue: Hashable, Sendable {
    package let key: [UInt8]
    package let value: [UInt8]
}

/// Lends bytes to LMDB, which only reads them.
private func withValue(
    _ bytes: [UInt8], _ body: (UnsafeMutablePointer<MDB_val>) -> Int32
) -> Int32 {
    unsafe bytes.withUnsafeBytes { buffer in
        var value = unsafe MDB_val(
            mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
        return unsafe body(&value)
    }
}
