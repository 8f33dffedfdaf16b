// UDP sockets: one datagram at a time, waiting with a deadline on the calling thread where one is
// given. `DatagramBatch` moves many at once, for servers.

import Glibc

/// A UDP socket bound to one address.
package struct DatagramSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    package var raw: Int32 { descriptor.raw }

    /// Opens and binds in the calling thread's network namespace; the kernel cuts a receive buffer
    /// that is larger than it allows.
    package init(
        _ address: SocketAddress, receiveBuffer: Int? = nil
    ) throws(SyscallError) {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let opened = FileDescriptor(
            owning: try checked("socket(datagram)") {
                socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | flags, 0)
            })
        if let receiveBuffer { try Socket.setReceiveBuffer(opened, bytes: receiveBuffer) }
        try Socket.bind(opened, to: address)
        descriptor = opened
    }

    /// Takes over a socket that was opened and bound elsewhere.
    package init(adopting descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Gives the descriptor away, to be closed by whoever takes it.
    package consuming func release() -> Int32 { descriptor.release() }

    /// connect(2): from now on only this peer's datagrams come in, and its ICMP errors show.
    package func connect(to peer: SocketAddress) throws(SyscallError) {
        _ = try Socket.connect(descriptor, to: peer)
    }

    /// send(2) to the connected peer; false when the kernel has no room.
    @discardableResult
    package func send(_ bytes: [UInt8]) throws(SyscallError) -> Bool {
        try Socket.send(descriptor, bytes.span) != .wouldBlock
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
