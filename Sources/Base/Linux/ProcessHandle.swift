// A child held by a pidfd: signals and waits can never hit another process that got its number.

import CLinux
import Glibc

/// How a process ended.
package enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case killed(Signal)

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "killed by \(signal)"
        }
    }
}

/// A child process of ours, by pidfd_open(2).
package struct ProcessHandle: ~Copyable, Sendable {
    package let pid: Int32
    package let descriptor: FileDescriptor

    init(pid: Int32, owning pidfd: Int32) {
        self.pid = pid
        descriptor = FileDescriptor(owning: pidfd)
    }

    /// A handle on any process by its number, which the caller knows to be alive.
    package init(opening pid: Int32) throws(SyscallError) {
        self.init(pid: pid, owning: try checked("pidfd_open(\(pid))") { fl_pidfd_open(pid) })
    }

    /// pidfd_send_signal(2); false when the process has ended already.
    @discardableResult
    package func signal(_ signal: Signal) throws(SyscallError) -> Bool {
        do {
            try checked("pidfd_send_signal(\(pid), \(signal))") {
                fl_pidfd_send_signal(descriptor.raw, signal.rawValue)
            }
            return true
        } catch {
            if error.errno == .noProcess { return false }
            throw error
        }
    }

    /// kill(2) of the child's process group, which the child leads: it and what it has started.
    ///
    /// The number cannot have passed to others: the child is not reaped, so it still names it.
    @discardableResult
    package func signalGroup(_ signal: Signal) throws(SyscallError) -> Bool {
        do {
            try checked("kill(-\(pid), \(signal))") { kill(-pid, signal.rawValue) }
            return true
        } catch {
            if error.errno == .noProcess { return false }
            throw error
        }
    }

    /// waitid(P_PIDFD) without waiting: reaps the child and says how it ended, or nil if it runs.
    package func reap() throws(SyscallError) -> ExitStatus? {
        try wait(options: WNOHANG)
    }

    /// waitid(P_PIDFD) until the child has ended; blocks the thread.
    package func wait() throws(SyscallError) -> ExitStatus {
        guard let status = try wait(options: 0) else {
            preconditionFailure("waitid without WNOHANG returned without a child")
        }
        return status
    }

    private func wait(options: Int32) throws(SyscallError) -> ExitStatus? {
        var result = fl_exit()
        try checked("waitid(\(pid))") {
            unsafe fl_wait_pidfd(descriptor.raw, options, &result)
        }
        return result.pid == 0 ? nil : ExitStatus(result)
    }
}

extension ExitStatus {
    fileprivate init(_ result: fl_exit) {
        self =
            result.code == CLD_EXITED
            ? .exited(result.status) : .killed(Signal(rawValue: result.status))
    }
}

/// All processes of a pid namespace, for its first process.
package enum PidNamespace {
    /// kill(-1): every process but the caller. Only for the first process of a namespace, where
    /// all of them are its own.
    package static func killAllOthers() {
        precondition(getpid() == 1, "the processes of a whole host are not ours to kill")
        _ = kill(-1, SIGKILL)
    }
}

/// Children that nobody started here: orphans which a pid namespace hands to its first process.
package enum Orphans {
    /// Reaps ended children whose pid is not in `known`; those are left to their handles.
    ///
    /// Stops at the first known one, since waitid(2) shows only the first: call it again once
    /// that one has been reaped.
    @discardableResult
    package static func reap(except known: (Int32) -> Bool) -> Int {
        var count = 0
        while true {
            var seen = fl_exit()
            guard unsafe fl_wait_any(WNOHANG | WNOWAIT, &seen) == 0, seen.pid != 0 else {
                return count
            }
            if known(seen.pid) { return count }
            guard waitpid(seen.pid, nil, WNOHANG) == seen.pid else { return count }
            count += 1
        }
    }
}
