// Network namespaces held by a descriptor alone: no name under /run, so that nothing is left
// behind when the last descriptor and the last process are gone.

import CLinux
import Glibc

/// A network namespace that lives as long as this value or a process in it.
package struct NetworkNamespace: ~Copyable, Sendable {
    package let descriptor: FileDescriptor

    /// The namespace that the calling thread is in.
    package static func current() throws(SyscallError) -> NetworkNamespace {
        NetworkNamespace(descriptor: try File.open("/proc/thread-self/ns/net", .readOnly))
    }

    /// Makes a new, empty namespace by unshare(2); the calling thread stays where it was.
    package static func create() throws(SyscallError) -> NetworkNamespace {
        let home = try current()
        try checked("unshare(CLONE_NEWNET)") { fl_unshare_network() }
        defer { home.returnHome() }
        return try current()
    }

    /// Runs a body with the calling thread inside; sockets opened there stay there.
    ///
    /// The body is synchronous: a suspension could go on on another thread.
    package func perform<Result: ~Copyable>(
        _ body: () throws(SyscallError) -> Result
    ) throws(SyscallError) -> Result {
        let home = try NetworkNamespace.current()
        try enter()
        defer { home.returnHome() }
        return try body()
    }

    /// Moves the calling thread into this namespace for good, by setns(2).
    package func enter() throws(SyscallError) {
        try checked("setns(net)") { fl_setns_network(descriptor.raw) }
    }

    /// The number that names the namespace in /proc/<pid>/ns/net.
    package var inode: UInt64 {
        get throws(SyscallError) {
            var status = stat()
            try checked("fstat(net namespace)") { unsafe fstat(descriptor.raw, &status) }
            return UInt64(status.st_ino)
        }
    }

    /// A thread that cannot come back would act on the wrong network from here on.
    private func returnHome() {
        let status = fl_setns_network(descriptor.raw)
        precondition(status == 0, "setns back home: \(Errno.last)")
    }
}
