// getrlimit(2) and fstatvfs(3): how much of what the host gives.

import Glibc

/// A limit of this process.
package enum ResourceLimit {
    case openFiles
    case addressSpace

    /// The hard limit; `.max` for none.
    package var hard: UInt64 {
        var limit = rlimit()
        let result =
            switch self {
            case .openFiles: unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            case .addressSpace: unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            }
        precondition(result == 0, "getrlimit of a known limit does not fail")
        return UInt64(limit.rlim_max)
    }
}

extension File {
    /// Bytes that an ordinary user may still write to the file system of a path.
    package static func freeSpace(at path: String) throws(SyscallError) -> UInt64 {
        let folder = try open(path, [.readOnly, .directory])
        let raw = folder.raw
        var facts = statvfs()
        try checked("fstatvfs(\(path))") { unsafe fstatvfs(raw, &facts) }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
    }
}
