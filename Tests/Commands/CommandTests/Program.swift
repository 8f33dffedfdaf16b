// Starts the built `faultline` as a user would and looks at it from outside.

import Glibc
import Linux
import Testing

/// One running or finished program.
final class Program {
    let pid: Int32
    private let errors: String
    private let output: String

    /// The folder of the built programs: that of the running test bundle.
    static var builtFolder: String {
        (try? File.folder(of: CurrentProcess.executablePath())) ?? "."
    }

    static var repository: String {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/")
    }

    /// Starts `faultline` with arguments, in the repository's root.
    init(_ arguments: [String], name: String = "faultline") throws {
        let stamp = "\(getpid())-\(MonotonicTime.now().nanoseconds)"
        errors = "/tmp/faultline-test-\(stamp).err"
        output = "/tmp/faultline-test-\(stamp).out"
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o644)
        let path = "\(Self.builtFolder)/\(name)"
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map {
            unsafe strdup($0)
        }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let result = unsafe posix_spawn(&child, path, &actions, nil, words, environ)
        try #require(result == 0, "posix_spawn(\(path)): \(result)")
        pid = child
    }

    deinit {
        unsafe unlink(errors)
        unsafe unlink(output)
    }

    func send(_ signal: Int32) { kill(pid, signal) }

    /// Waits for the end: the exit code, or 128 and the signal.
    func wait() async -> Int32 {
        await onOwnThread { [pid] in
            var status: Int32 = 0
            while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        }
    }

    var errorText: String { (try? File.text(of: errors)) ?? "" }
    var outputText: String { (try? File.text(of: output)) ?? "" }

    /// Waits for a text on standard error.
    func says(_ text: String, within limit: Duration = .seconds(60)) async -> Bool {
        await eventually(within: limit) { errorText.contains(text) }
    }

    /// Runs to the end.
    static func run(
        _ arguments: String...
    ) async throws -> (code: Int32, output: String, errors: String) {
        let program = try Program(arguments)
        let code = await program.wait()
        return (code, program.outputText, program.errorText)
    }
}

/// Runs what blocks on a thread of its own: the test runner's few threads serve every other suite.
func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        do {
            try Thread.start("test") { continuation.resume(returning: work()) }
        } catch {
            preconditionFailure("a thread did not start: \(error)")
        }
    }
}

/// Asks until it is so or the time is up.
func eventually(within limit: Duration = .seconds(20), _ condition: () -> Bool) async -> Bool {
    let deadline = MonotonicTime.now() + limit
    while !condition() {
        if .now() > deadline { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}

/// A file under /tmp that goes with its owner.
final class ScratchFolder {
    let path: String

    init() throws {
        path = "/tmp/faultline-scratch-\(getpid())-\(MonotonicTime.now().nanoseconds)"
        try File.makeDirectories(path)
    }

    deinit { try? File.removeTree(path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try File.save(Array(text.utf8), to: file)
        return file
    }
}

/// What a crash could leave on the host.
struct HostTraces: Equatable {
    let processes: Set<Int32>
    let links: Set<String>
    let mounts: Int

    /// Processes of ours that name `folder` on their command line.
    static func now(naming folder: String) -> HostTraces {
        let all = (try? File.list("/proc").compactMap(Int32.init)) ?? []
        let ours = all.filter { process in
            let command = (try? File.text(of: "/proc/\(process)/cmdline")) ?? ""
            return command.contains(folder)
        }
        return HostTraces(
            processes: Set(ours), links: Set((try? File.list("/sys/class/net")) ?? []),
            mounts: ((try? File.text(of: "/proc/self/mounts")) ?? "").count { $0 == "\n" })
    }

    /// Network namespaces that any process of the host lives in.
    static func namespaces() -> Set<String> {
        let all = (try? File.list("/proc").compactMap(Int32.init)) ?? []
        return Set(
            all.compactMap { process in
                var buffer = [CChar](repeating: 0, count: 64)
                let count = unsafe readlink("/proc/\(process)/ns/net", &buffer, 63)
                guard count > 0 else { return nil }
                return String(decoding: buffer[..<count].map { UInt8($0) }, as: UTF8.self)
            })
    }
}
