// UDP sockets that wait with a deadline on the calling thread: for probes that measure a link, not
// for the event loop.

import Glibc

/// A UDP socket bound to one address.
package struct DatagramSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    package var raw: Int32 { descriptor.raw }

    /// Opens and binds in the calling thread's network namespace.
    package init(_ address: SocketAddress) throws(SyscallError) {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let opened = FileDescriptor(
            owning: try checked("socket(datagram)") {
                socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | flags, 0)
            })
        try Socket.bind(opened, to: address)
        descriptor = opened
    }

    /// The address that the socket is bound to, with the port that the kernel chose.
    package func localAddress() throws(SyscallError) -> SocketAddress {
        try Socket.localAddress(of: descriptor)
    }

    /// sendto(2); false when the kernel has no room.
    @discardableResult
    package func send(_ bytes: [UInt8], to address: SocketAddress) throws(SyscallError) -> Bool {
        let raw = descriptor.raw
        let progress = try attempted("sendto(\(address))") {
            unsafe address.withNative { native, size in
                unsafe bytes.withUnsafeBytes {
                    unsafe sendto(raw, $0.baseAddress, $0.count, 0, native, size)
                }
            }
        }
        return progress != .wouldBlock
    }

    /// recv(2) of one datagram of at most 2 KiB; nil once the deadline has passed.
    package func receive(deadline: MonotonicTime) throws(SyscallError) -> [UInt8]? {
        let raw = descriptor.raw
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let progress = try attempted("recv") {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe recv(raw, $0.baseAddress, $0.count, 0)
                }
            }
            if case .moved(let count) = progress { return Array(buffer.prefix(count)) }
            if MonotonicTime.now() >= deadline { return nil }
            PreciseWait.until(deadline, orReadable: raw, raw)
        }
    }
}
