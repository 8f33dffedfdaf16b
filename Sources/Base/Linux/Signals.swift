// Signals as values: blocked for the whole process and read from a descriptor, so that no handler
// ever interrupts Swift code.

import CLinux
import Glibc

/// A signal by name.
package struct Signal: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let hangUp = Signal(rawValue: SIGHUP)
    package static let interrupt = Signal(rawValue: SIGINT)
    package static let quit = Signal(rawValue: SIGQUIT)
    package static let kill = Signal(rawValue: SIGKILL)
    package static let terminate = Signal(rawValue: SIGTERM)
    package static let stop = Signal(rawValue: SIGSTOP)
    package static let resume = Signal(rawValue: SIGCONT)
    package static let child = Signal(rawValue: SIGCHLD)
    package static let abort = Signal(rawValue: SIGABRT)
    package static let user1 = Signal(rawValue: SIGUSR1)

    private static let names: [Int32: String] = [
        SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGKILL: "KILL", SIGTERM: "TERM",
        SIGSTOP: "STOP", SIGCONT: "CONT", SIGCHLD: "CHLD", SIGABRT: "ABRT", SIGUSR1: "USR1",
    ]

    /// Reads `KILL` or `SIGKILL`.
    package init?(named text: String) {
        let name = text.hasPrefix("SIG") ? String(text.dropFirst(3)) : text
        guard let match = Signal.names.first(where: { $0.value == name }) else { return nil }
        self.init(rawValue: match.key)
    }

    package var description: String { "SIG" + (Signal.names[rawValue] ?? String(rawValue)) }
}

/// A signalfd(2) over a set of signals that this process no longer takes any other way.
package struct SignalDescriptor: ~Copyable {
    private let descriptor: FileDescriptor

    package var raw: Int32 { descriptor.raw }

    /// Blocks the signals in the calling thread; call before other threads start.
    package init(_ signals: [Signal]) throws(SyscallError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
        try checked("sigprocmask") { unsafe sigprocmask(SIG_BLOCK, &set, nil) }
        let flags = Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)
        descriptor = FileDescriptor(
            owning: try checked("signalfd") { unsafe signalfd(-1, &set, flags) })
    }

    /// The next pending signal, or nil.
    package func next() -> Signal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.raw, &info, size) == size else { return nil }
        return Signal(rawValue: Int32(info.ssi_signo))
    }
}
