// What can go wrong under the state machine. After any of these the replica stops applying: its
// state is behind the log, never beside it, and the next start applies the rest again.

package import Linux

package enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// LMDB's map has no page left; `mapSize` in the blueprint has to grow, then start again.
    case mapFull(mapSize: Int)
    /// The kernel gave no address space or memory for the map, in bytes (MDB_env's mmap, ENOMEM).
    case noMapSpace(mapSize: Int)
    /// Another process has the folder open.
    case locked(folder: String)
    /// Not LMDB's format, or pages that do not fit together.
    case damaged(path: String)
    /// Written by a build whose layout of the tables this one does not know.
    case unknownFormat(version: UInt64)
    /// A received snapshot is not the one that was sent.
    case snapshotMismatch(path: String)
    /// Any other code of LMDB, with the call that returned it.
    case database(stage: String, code: Int32)
    case system(SyscallError)

    package var description: String {
        switch self {
        case .mapFull(let mapSize): "the store's map of \(mapSize) bytes is full"
        case .noMapSpace(let mapSize):
            "no memory map of \(mapSize) bytes to be had; lower mapSize or raise `ulimit -v`"
        case .locked(let folder): "store state \(folder) is open elsewhere"
        case .damaged(let path): "\(path) is not an intact database"
        case .unknownFormat(let version): "unknown layout \(version) of the store state"
        case .snapshotMismatch(let path): "snapshot \(path) is not what was announced"
        case .database(let stage, let code): "\(stage): LMDB error \(code)"
        case .system(let error): "\(error)"
        }
    }
}

func system<Result: ~Copyable>(
    _ body: () throws(SyscallError) -> Result
) throws(StateError) -> Result {
    do {
        return try body()
    } catch {
        throw .system(error)
    }
}
