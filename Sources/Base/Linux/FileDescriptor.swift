// An open descriptor that is closed exactly once: unique ownership instead of a number.

import Glibc

/// An owned file descriptor; closed when it goes out of scope.
package struct FileDescriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes over a descriptor that nobody else closes.
    package init(owning raw: Int32) {
        precondition(raw >= 0, "a descriptor is not negative")
        self.raw = raw
    }

    deinit { _ = Glibc.close(raw) }

    /// Closes now and reports what the kernel said, which for files may be a late write error.
    ///
    /// EINTR counts as closed: on Linux the descriptor is gone by then (close(2), "Dealing with
    /// error returns from close").
    package consuming func close() throws(SyscallError) {
        let raw = release()
        if Glibc.close(raw) < 0 {
            let error = Errno.last
            if error != .interrupted { throw SyscallError(stage: "close", errno: error) }
        }
    }

    /// Gives up ownership without closing.
    package consuming func release() -> Int32 {
        let raw = self.raw
        discard self
        return raw
    }

    /// A second descriptor of the same open file, closed on exec.
    package func duplicate() throws(SyscallError) -> FileDescriptor {
        FileDescriptor(
            owning: try checked("fcntl(F_DUPFD_CLOEXEC)") { fcntl(raw, F_DUPFD_CLOEXEC, 0) })
    }

    /// Lets the descriptor survive exec, for a child that is meant to inherit it.
    package func inheritOnExec() throws(SyscallError) {
        try checked("fcntl(F_SETFD)") { fcntl(raw, F_SETFD, 0) }
    }
}
