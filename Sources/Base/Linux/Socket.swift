// Non-blocking TCP sockets: the calls that a one-thread event loop needs, and nothing that waits.

import CLinux
import Glibc

/// Calls on TCP sockets; every socket is non-blocking and close-on-exec.
package enum Socket {
    /// socket(2) of type SOCK_STREAM.
    package static func stream() throws(SyscallError) -> FileDescriptor {
        let raw = try checked("socket(stream)") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | nonBlockingFlag | closeOnExecFlag, 0)
        }
        return FileDescriptor(owning: raw)
    }

    /// A listening socket: SO_REUSEADDR, bind(2), listen(2).
    package static func listening(
        on address: SocketAddress, backlog: Int32 = 4096, sharedPort: Bool = false
    ) throws(SyscallError) -> FileDescriptor {
        let socket = try stream()
        try set(socket, SOL_SOCKET, SO_REUSEADDR, 1, "setsockopt(SO_REUSEADDR)")
        if sharedPort { try set(socket, SOL_SOCKET, SO_REUSEPORT, 1, "setsockopt(SO_REUSEPORT)") }
        try bind(socket, to: address)
        let raw = socket.raw
        try checked("listen(\(address))") { Glibc.listen(raw, backlog) }
        return socket
    }

    /// bind(2).
    package static func bind(
        _ socket: borrowing FileDescriptor, to address: SocketAddress
    ) throws(SyscallError) {
        let raw = socket.raw
        try checked("bind(\(address))") {
            unsafe address.withNative { unsafe Glibc.bind(raw, $0, $1) }
        }
    }

    /// connect(2) without waiting; `wouldBlock` while the handshake is under way.
    package static func connect(
        _ socket: borrowing FileDescriptor, to address: SocketAddress
    ) throws(SyscallError) -> Progress {
        let raw = socket.raw
        do {
            let result = try checked("connect(\(address))") {
                unsafe address.withNative { Int(unsafe Glibc.connect(raw, $0, $1)) }
            }
            return .moved(result)
        } catch {
            if error.errno == .inProgress { return .wouldBlock }
            throw error
        }
    }

    /// accept4(2); nil when nobody waits or the peer has gone again.
    package static func accept(
        _ socket: borrowing FileDescriptor
    ) throws(SyscallError) -> FileDescriptor? {
        let raw = socket.raw
        do {
            let accepted = try checked("accept") {
                fl_accept(raw)
            }
            return FileDescriptor(owning: accepted)
        } catch {
            if error.errno == .again || error.errno.rawValue == ECONNABORTED { return nil }
            throw error
        }
    }

    /// recv(2) into the buffer; `.moved(0)` is the end of the peer's stream.
    package static func receive(
        _ socket: borrowing FileDescriptor, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SyscallError) -> Progress {
        let raw = socket.raw
        return try attempted("recv") { unsafe recv(raw, buffer.baseAddress, buffer.count, 0) }
    }

    /// send(2) of as much as the kernel takes; never raises SIGPIPE.
    package static func send(
        _ socket: borrowing FileDescriptor, _ bytes: Span<UInt8>
    ) throws(SyscallError) -> Progress {
        let raw = socket.raw
        return try attempted("send") {
            unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// Takes the pending error of a socket, SO_ERROR; nil when there is none.
    package static func takeError(
        _ socket: borrowing FileDescriptor
    ) throws(SyscallError) -> Errno? {
        let raw = socket.raw
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        try checked("getsockopt(SO_ERROR)") {
            unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &value, &size)
        }
        return value == 0 ? nil : Errno(rawValue: value)
    }

    /// Sends small writes at once, TCP_NODELAY; every tier answers in one write.
    package static func sendWithoutDelay(
        _ socket: borrowing FileDescriptor
    ) throws(SyscallError) {
        try set(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1, "setsockopt(TCP_NODELAY)")
    }

    /// SO_RCVBUF; the kernel cuts it to net.core.rmem_max.
    static func setReceiveBuffer(
        _ socket: borrowing FileDescriptor, bytes: Int
    ) throws(SyscallError) {
        try set(socket, SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes), "setsockopt(SO_RCVBUF)")
    }

    /// The socket's own address, by getsockname(2).
    package static func localAddress(
        of socket: borrowing FileDescriptor
    ) throws(SyscallError) -> SocketAddress {
        let raw = socket.raw
        return unsafe try nativeAddress("getsockname") { unsafe getsockname(raw, $0, $1) }
    }

    /// The other end's address, by getpeername(2).
    package static func peerAddress(
        of socket: borrowing FileDescriptor
    ) throws(SyscallError) -> SocketAddress {
        let raw = socket.raw
        return unsafe try nativeAddress("getpeername") { unsafe getpeername(raw, $0, $1) }
    }

    private static func nativeAddress(
        _ stage: String,
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(SyscallError) -> SocketAddress {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try checked(stage) {
            unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call($0, &size)
                }
            }
        }
        return SocketAddress(address)
    }

    private static func set(
        _ socket: borrowing FileDescriptor, _ level: Int32, _ option: Int32, _ value: Int32,
        _ stage: String
    ) throws(SyscallError) {
        let raw = socket.raw
        var value = value
        try checked(stage) {
            unsafe setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static var nonBlockingFlag: Int32 { Int32(SOCK_NONBLOCK.rawValue) }
    private static var closeOnExecFlag: Int32 { Int32(SOCK_CLOEXEC.rawValue) }
}
