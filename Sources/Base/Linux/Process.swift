// This process's own facts: arguments, environment, limits, identity, exit.

import CLinux
import Glibc

/// The calling process.
package enum CurrentProcess {
    package static var id: Int32 { getpid() }
    package static var parentID: Int32 { getppid() }
    package static var effectiveUser: UInt32 { geteuid() }
    package static var effectiveGroup: UInt32 { getegid() }

    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    package static var workingFolder: String {
        guard let text = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// The path of the running executable, by /proc/self/exe.
    package static func executablePath() throws(SyscallError) -> String {
        try File.resolved("/proc/self/exe")
    }

    /// Ends the process at once with a status.
    package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

    /// True when the descriptor is a terminal.
    package static func isTerminal(_ raw: Int32) -> Bool { isatty(raw) == 1 }

    /// Raises the soft limit of open files to the hard one and returns it.
    @discardableResult
    package static func raiseDescriptorLimit() throws(SyscallError) -> Int {
        var limit = rlimit()
        try checked("getrlimit(NOFILE)") {
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        limit.rlim_cur = limit.rlim_max
        try checked("setrlimit(NOFILE)") {
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(limit.rlim_cur)
    }

    /// Lets timers of this thread fire on time rather than up to 50 us late, PR_SET_TIMERSLACK.
    package static func sharpenTimers() { fl_set_timer_slack(1) }
}
