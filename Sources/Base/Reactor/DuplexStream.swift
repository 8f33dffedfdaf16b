// A TCP stream for code that moves bytes between streams and waits for none: a proxy. Its owner is
// called when something changed and then receives and sends as far as it goes; no task and no
// continuation stands behind it, which is what makes an exchange cost little more than its system
// calls. What is sent goes out at once as far as the socket takes it; the owner looks at
// `outboundCount` and stops receiving elsewhere before that grows.

package import Linux

/// Who is told of a stream's readiness.
@ReactorActor
package protocol StreamOwner: AnyObject {
    /// There may be bytes, room, an end or a failure. The owner may close the stream in the call.
    func streamChanged(_ stream: DuplexStream)
}

/// One connected, or connecting, stream socket.
@ReactorActor
package final class DuplexStream {
    /// What one receive brought.
    package enum Reception: Equatable, Sendable {
        case bytes
        /// Nothing yet; the owner is called when there is.
        case nothing
        /// The peer sends nothing more.
        case end
        case failed
    }

    package let peer: SocketAddress
    /// Held, so whoever closes the stream also sets this to nil by `close`.
    package var owner: (any StreamOwner)?
    /// Received and not yet consumed.
    package var inbound = ByteQueue()
    private var socket: StreamSocket

    /// A stream over a socket that is connected.
    package convenience init(
        _ socket: consuming FileDescriptor, peer: SocketAddress
    ) throws(SyscallError) {
        try self.init(socket, peer: peer, isConnecting: false)
    }

    private init(
        _ socket: consuming FileDescriptor, peer: SocketAddress, isConnecting: Bool
    ) throws(SyscallError) {
        self.peer = peer
        self.socket = try StreamSocket(socket, isConnecting: isConnecting)
        try self.socket.watch { [unowned self] in becameReady($0) }
    }

    isolated deinit { close() }

    /// Begins to connect; the owner is called when that has ended, either way.
    package static func connecting(to address: SocketAddress) throws(SyscallError) -> DuplexStream {
        let socket = try Socket.stream()
        let progress = try Socket.connect(socket, to: address)
        return try DuplexStream(socket, peer: address, isConnecting: progress == .wouldBlock)
    }

    package var isOpen: Bool { socket.isOpen }
    package var failure: TransportError? { socket.failure }
    package var isConnecting: Bool { socket.isConnecting }

    /// True once the peer has announced its end, whether or not all was received.
    package var peerIsDone: Bool { socket.peerIsDone }

    /// True once the kernel has reported the connection broken; what arrived before can be received.
    package var isBroken: Bool { socket.isBroken }

    /// Bytes that the kernel has not taken yet.
    package var outboundCount: Int { socket.outboundCount }

    /// One recv into `inbound`.
    package func receive() -> Reception { socket.receive(into: &inbound) }

    /// Gives up the room of `inbound` if that is empty; for a stream that may now lie idle for long.
    package func releaseRoom() { inbound.release(to: &ReceiveBuffer.spares) }

    /// Queues bytes and writes as many as the socket takes now; a failure shows in `failure`.
    package func send(_ bytes: Span<UInt8>) { socket.send(bytes) }

    /// The same from an array, or from the rest of one.
    package func send(_ bytes: [UInt8], from start: Int = 0) {
        send(bytes.span.extracting(start...))
    }

    /// Ends the sending direction once all that was sent is with the kernel.
    package func shutdownSending() { socket.shutdownSending() }

    /// Closes both directions and calls nobody; more than once is harmless.
    package func close() {
        owner = nil
        _ = socket.close()
    }

    private func becameReady(_ readiness: Readiness) {
        socket.note(readiness, peer: peer)
        owner?.streamChanged(self)
    }
}
