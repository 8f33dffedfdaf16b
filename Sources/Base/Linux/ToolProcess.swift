// Running another program as it is: in this network, with this environment and these privileges,
// what it says coming back through a pipe. Nodes never start this way; see ChildProcess.

import CLinux
import Glibc

/// A pipe(2) whose two ends are closed on exec.
package struct Pipe: ~Copyable {
    private let reader: FileDescriptor
    private let writer: FileDescriptor

    package init() throws(SyscallError) {
        var ends: [Int32] = [-1, -1]
        try checked("pipe2") { unsafe fl_pipe(&ends) }
        reader = FileDescriptor(owning: ends[0])
        writer = FileDescriptor(owning: ends[1])
    }

    var writing: Int32 { writer.raw }

    /// Closes the end that is written to: without that a reader never sees the end.
    consuming func keepReader() -> FileDescriptor { reader }
}

/// A running program whose words are read here.
package struct ToolProcess: ~Copyable {
    package let handle: ProcessHandle
    private let words: FileDescriptor

    /// Which of a program's outputs are read; the other one goes where ours goes.
    package enum Listening: Sendable {
        case output
        case errors
    }

    /// posix_spawn(3); the program gets no signal mask of ours and /dev/null to read.
    package init(
        _ arguments: [String], listening: Listening
    ) throws(SyscallError) {
        precondition(!arguments.isEmpty, "a program has a path")
        let pipe = try Pipe()
        let target: Int32 = listening == .output ? 1 : 2
        var pid: pid_t = 0
        let result = Self.spawn(&pid, arguments, pipe.writing, as: target)
        if result != 0 {
            throw SyscallError(
                stage: "posix_spawn(\(arguments[0]))", errno: Errno(rawValue: result))
        }
        // Not reaped yet, so the number is still this child's.
        handle = try ProcessHandle(opening: pid)
        words = pipe.keepReader()
    }

    /// What has come since; nil at the end of the output, empty once the deadline has passed.
    package func read(deadline: MonotonicTime) throws(SyscallError) -> [UInt8]? {
        let timeout = max(0, (deadline - .now()).nanoseconds)
        var bytes: [UInt8] = []
        guard fl_poll(words.raw, -1, timeout) > 0 else { return bytes }
        return try File.read(words, into: &bytes, max: 64 * 1024) == 0 ? nil : bytes
    }

    private static func spawn(
        _ pid: inout pid_t, _ arguments: [String], _ writing: Int32, as target: Int32
    ) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, writing, target)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        return unsafe withCStrings(arguments) { vector in
            unsafe posix_spawn(&pid, arguments[0], &actions, &attributes, vector, environ)
        }
    }
}
