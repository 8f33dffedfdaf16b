// Plain threads, for what must not share the event loop: blocking disk work, the link emulator's
// clock, work inside another network namespace.

import CLinux
import Glibc

/// A detached thread of the operating system.
package enum Thread {
    /// Starts a detached thread that runs `body` once.
    package static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SyscallError) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(name, body)).toOpaque()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var handle = pthread_t()
        let result = unsafe pthread_create(&handle, &attributes, threadMain, box)
        if result != 0 {
            unsafe Unmanaged<ThreadBody>.fromOpaque(box).release()
            throw SyscallError(stage: "pthread_create(\(name))", errno: Errno(rawValue: result))
        }
    }

    /// The kernel's number of the calling thread.
    package static var currentID: Int32 { fl_thread_id() }

    /// The calling thread's handle, which tells threads of this process apart without a system call.
    package static var currentHandle: UInt { UInt(pthread_self()) }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void
    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { preconditionFailure("a thread has a body") }
    let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    unsafe fl_name_thread(String(body.name.prefix(15)))
    body.run()
    return nil
}
