// Files and folders by path: whole contents, atomic replacement, and the folder fsync that makes
// a new name survive a crash.

import Glibc

extension File {
    /// The whole file; also right for /proc, whose files have no size beforehand.
    package static func contents(of path: String) throws(SyscallError) -> [UInt8] {
        let file = try open(path, .readOnly)
        var bytes: [UInt8] = []
        while try read(file, into: &bytes, max: 64 * 1024) > 0 {}
        return bytes
    }

    /// The whole file as text; malformed UTF-8 is replaced.
    package static func text(of path: String) throws(SyscallError) -> String {
        String(decoding: try contents(of: path), as: UTF8.self)
    }

    /// Writes over an existing file in place, as /proc and /sys want it.
    package static func write(_ text: String, to path: String) throws(SyscallError) {
        let file = try open(path, [.writeOnly])
        try write(file, Array(text.utf8).span)
    }

    /// Puts new contents under a name so that a crash leaves either the old or the new, whole.
    ///
    /// Temporary file, fsync, rename(2), fsync of the folder; each step is needed
    /// (Pillai et al., OSDI'14, "All File Systems Are Not Created Equal").
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SyscallError) {
        let temporary = path + ".new"
        let file = try open(temporary, [.writeOnly, .create, .truncate])
        try write(file, bytes.span)
        try sync(file)
        try rename(temporary, to: path)
        try syncDirectory(folder(of: path))
    }

    /// Puts contents under a name without any promise for a crash, for logs and reports.
    package static func save(_ bytes: [UInt8], to path: String) throws(SyscallError) {
        let file = try open(path, [.writeOnly, .create, .truncate])
        try write(file, bytes.span)
    }

    /// fsync(2) of a folder: names created, renamed or removed in it are on the disk.
    package static func syncDirectory(_ path: String) throws(SyscallError) {
        let folder = try open(path, [.readOnly, .directory])
        try sync(folder)
    }

    /// rename(2).
    package static func rename(_ old: String, to new: String) throws(SyscallError) {
        try checked("rename(\(old), \(new))") { unsafe Glibc.rename(old, new) }
    }

    /// unlink(2), or rmdir(2) for a folder.
    package static func remove(_ path: String) throws(SyscallError) {
        try checked("remove(\(path))") { unsafe Glibc.remove(path) }
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    package static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// True for a folder itself, false for a link to one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// mkdir(2) with every missing parent.
    package static func makeDirectories(_ path: String) throws(SyscallError) {
        if path.isEmpty || exists(path) { return }
        try makeDirectories(folder(of: path))
        do {
            try checked("mkdir(\(path))") { unsafe mkdir(path, 0o755) }
        } catch {
            if error.errno != .exists { throw error }
        }
    }

    /// mkdir(2); false when the name is taken.
    package static func makeDirectory(_ path: String) throws(SyscallError) -> Bool {
        do {
            try checked("mkdir(\(path))") { unsafe mkdir(path, 0o755) }
            return true
        } catch {
            if error.errno == .exists { return false }
            throw error
        }
    }

    /// The names in a folder, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SyscallError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw SyscallError(stage: "opendir(\(path))", errno: .last)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder and all in it, never following a link.
    package static func removeTree(_ path: String) throws(SyscallError) {
        if isDirectory(path) {
            for name in try list(path) { try removeTree(path + "/" + name) }
        }
        try remove(path)
    }

    /// symlink(2), in place of a link that is there already.
    package static func link(_ target: String, at path: String) throws(SyscallError) {
        let temporary = path + ".new"
        if isLink(temporary) { try remove(temporary) }
        try checked("symlink(\(path))") { unsafe symlink(target, temporary) }
        try rename(temporary, to: path)
    }

    /// The folder part of a path: `.` for a bare name.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The absolute path with every link resolved, by realpath(3).
    package static func resolved(_ path: String) throws(SyscallError) -> String {
        guard let text = unsafe realpath(path, nil) else {
            throw SyscallError(stage: "realpath(\(path))", errno: .last)
        }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFLNK
    }
}
