// The kernel's error numbers as a value, and the one error that a failed system call throws.
// There is no `System` module on Linux, so these two types are the ground that every typed
// wrapper in this module stands on.

import CLinux
import Glibc

/// An error number of the kernel, as in errno(3).
package struct Errno: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// The calling thread's last error; read it on the very next line after the call.
    static var last: Errno { Errno(rawValue: errno) }

    package static let notPermitted = Errno(rawValue: EPERM)
    package static let noEntry = Errno(rawValue: ENOENT)
    package static let noProcess = Errno(rawValue: ESRCH)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let inputOutput = Errno(rawValue: EIO)
    package static let badDescriptor = Errno(rawValue: EBADF)
    package static let noChild = Errno(rawValue: ECHILD)
    package static let again = Errno(rawValue: EAGAIN)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let exists = Errno(rawValue: EEXIST)
    package static let busy = Errno(rawValue: EBUSY)
    package static let notDirectory = Errno(rawValue: ENOTDIR)
    package static let isDirectory = Errno(rawValue: EISDIR)
    package static let invalid = Errno(rawValue: EINVAL)
    package static let processDescriptors = Errno(rawValue: EMFILE)
    package static let systemDescriptors = Errno(rawValue: ENFILE)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let noBuffers = Errno(rawValue: ENOBUFS)
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    package static let addressInUse = Errno(rawValue: EADDRINUSE)
    package static let addressUnavailable = Errno(rawValue: EADDRNOTAVAIL)
    package static let networkUnreachable = Errno(rawValue: ENETUNREACH)
    package static let hostUnreachable = Errno(rawValue: EHOSTUNREACH)
    package static let connectionReset = Errno(rawValue: ECONNRESET)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let inProgress = Errno(rawValue: EINPROGRESS)
    package static let notImplemented = Errno(rawValue: ENOSYS)
    package static let cancelled = Errno(rawValue: ECANCELED)

    /// The symbolic name, as `ENOENT`; a number where glibc knows none.
    package var name: String {
        guard let text = unsafe fl_errno_name(rawValue) else { return "errno \(rawValue)" }
        return unsafe String(cString: text)
    }

    package var description: String {
        guard let text = unsafe fl_errno_text(rawValue) else { return name }
        return unsafe "\(String(cString: text)) (\(name))"
    }
}

/// A system call that the kernel refused: the stage that failed, and why.
package struct SyscallError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call and what it was about, as `open(/x/y)`.
    package let stage: String
    package let errno: Errno

    package init(stage: String, errno: Errno) {
        self.stage = stage
        self.errno = errno
    }

    package var description: String { "\(stage): \(errno)" }
}

/// Runs one system call, again after EINTR, and throws what the kernel refused.
///
/// EBADF and EFAULT are faults of this program and trap: going on after either would act on a
/// descriptor or memory that belongs to somebody else.
@discardableResult
package func checked<Result: FixedWidthInteger>(
    _ stage: @autoclosure () -> String, _ call: () -> Result
) throws(SyscallError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let error = Errno.last
        if error == .interrupted { continue }
        precondition(error != .badDescriptor, "\(stage()): descriptor used after close")
        precondition(error.rawValue != EFAULT, "\(stage()): bad address")
        throw SyscallError(stage: stage(), errno: error)
    }
}

/// The outcome of a call on a non-blocking descriptor.
package enum Progress: Equatable, Sendable {
    case moved(Int)
    case wouldBlock
}

/// As `checked`, with would-block as a value rather than an error.
package func attempted(
    _ stage: @autoclosure () -> String, _ call: () -> Int
) throws(SyscallError) -> Progress {
    do {
        return .moved(try checked(stage(), call))
    } catch {
        if error.errno == .again { return .wouldBlock }
        throw error
    }
}
