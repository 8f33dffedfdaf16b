// eventfd(2): how another thread wakes one that waits in epoll or in read.

import CLinux
import Glibc

/// A counter in the kernel that makes a descriptor readable.
package struct Wakeup: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    package var raw: Int32 { descriptor.raw }

    /// A blocking one makes `waitForOne` sleep; a non-blocking one is for epoll.
    package init(blocking: Bool = false) throws(SyscallError) {
        let flags = blocking ? Int32(EFD_SEMAPHORE) : Int32(EFD_NONBLOCK)
        descriptor = FileDescriptor(
            owning: try checked("eventfd") { eventfd(0, Int32(EFD_CLOEXEC) | flags) })
    }

    /// Adds one; never blocks in practice, since the counter holds 2^64-2.
    package func signal() {
        var one: UInt64 = 1
        let written = unsafe write(descriptor.raw, &one, 8)
        precondition(written == 8 || Errno.last == .again, "eventfd takes eight bytes")
    }

    /// Takes everything that was added; for a non-blocking wakeup.
    package func drain() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor.raw, &count, 8)
    }

    /// Sleeps until one was added and takes it; for a blocking wakeup.
    package func waitForOne() {
        var count: UInt64 = 0
        while unsafe read(descriptor.raw, &count, 8) != 8 {}
    }
}
