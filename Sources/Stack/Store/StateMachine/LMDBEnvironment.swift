// LMDB behind types: an environment in one file, tables by name, one write transaction at a time.
// All unsafe calls of the store are in this file and in LMDBTransaction.swift.
//
// The environment is opened with MDB_NOLOCK. LMDB's own lock ties a write transaction to the thread
// that began it, and then the fsync of a commit could not be moved off the loop. What the lock
// would do is done here instead: `KeyValueState` locks the folder against a second process, has one
// transaction at a time, and starts no second commit while a copy is read (see `copy`).

import CLMDB
import Linux

/// An open environment; closed with its last reference.
///
/// @unchecked Sendable: LMDB environments are free-threaded; the handle never changes, and the
/// rules above decide who may use it when.
@safe final class LMDBEnvironment: @unchecked Sendable {
    let path: String
    let mapSize: Int
    private let handle: OpaquePointer

    /// Opens the file, or creates it unless `isReadOnly`.
    init(path: String, mapSize: Int, isReadOnly: Bool = false) throws(StateError) {
        var created: OpaquePointer?
        let code = unsafe mdb_env_create(&created)
        guard code == 0, let handle = unsafe created else {
            throw Self.error(code, "mdb_env_create", path: path, mapSize: mapSize)
        }
        self.path = path
        self.mapSize = mapSize
        unsafe self.handle = unsafe handle
        let access = isReadOnly ? MDB_RDONLY : 0
        let flags = UInt32(MDB_NOSUBDIR | MDB_NOLOCK | access)
        try check(unsafe mdb_env_set_maxdbs(handle, 16), "mdb_env_set_maxdbs")
        try check(unsafe mdb_env_set_mapsize(handle, mapSize), "mdb_env_set_mapsize")
        try check(unsafe mdb_env_open(handle, path, flags, 0o644), "mdb_env_open(\(path))")
    }

    deinit { unsafe mdb_env_close(handle) }

    func begin(isReadOnly: Bool = false) throws(StateError) -> LMDBTransaction {
        var begun: OpaquePointer?
        let flags = UInt32(isReadOnly ? MDB_RDONLY : 0)
        try check(unsafe mdb_txn_begin(handle, nil, flags, &begun), "mdb_txn_begin")
        guard let transaction = unsafe begun else { throw .damaged(path: path) }
        return unsafe LMDBTransaction(transaction, in: self)
    }

    /// Writes the last commit, without free pages, to a file that must not exist.
    ///
    /// May run beside one open write transaction: that one takes only pages which the last commit
    /// does not use. A second commit could take them, so none may happen before this is over.
    func copy(to path: String) throws(StateError) {
        try check(
            unsafe mdb_env_copy2(handle, path, UInt32(MDB_CP_COMPACT)), "mdb_env_copy2(\(path))")
    }

    /// Bytes of the file up to the last page in use, free pages in between included.
    var byteCount: Int {
        var info = unsafe MDB_envinfo()
        var status = MDB_stat()
        unsafe mdb_env_info(handle, &info)
        unsafe mdb_env_stat(handle, &status)
        return unsafe (info.me_last_pgno + 1) * Int(status.ms_psize)
    }

    func check(_ code: Int32, _ stage: @autoclosure () -> String) throws(StateError) {
        if code == 0 { return }
        throw Self.error(code, stage(), path: path, mapSize: mapSize)
    }

    /// Positive codes are errno, negative ones LMDB's own (lmdb.h, "Return Codes").
    private static func error(
        _ code: Int32, _ stage: String, path: String, mapSize: Int
    ) -> StateError {
        switch code {
        case MDB_MAP_FULL: .mapFull(mapSize: mapSize)
        case Errno.noMemory.rawValue: .noMapSpace(mapSize: mapSize)
        case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH:
            .damaged(path: path)
        case 1...: .system(SyscallError(stage: stage, errno: Errno(rawValue: code)))
        default: .database(stage: stage, code: code)
        }
    }
}

/// One B-tree of the environment; the handle holds for as long as the environment is open.
struct LMDBTable: Hashable, Sendable {
    let id: UInt32
}
