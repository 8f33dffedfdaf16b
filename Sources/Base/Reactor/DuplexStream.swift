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
    package private(set) var failure: TransportError?
    package private(set) var isConnecting: Bool
    /// True once the peer has announced its end, whether or not all was received.
    package private(set) var peerIsDone = false

    /// True once the kernel has reported the connection broken; what arrived before can be received.
    package private(set) var isBroken = false

    private var socket: FileDescriptor?
    private var token: WatchToken?
    private var outbound = ByteQueue()
    private var mayRead = true
    private var mayWrite: Bool

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
        self.isConnecting = isConnecting
        mayWrite = !isConnecting
        let raw = socket.raw
        try Socket.sendWithoutDelay(socket)
        self.socket = consume socket
        token = try Reactor.main.watch(raw, [.input, .output, .peerClosed]) {
            [unowned self] readiness in
            ReactorActor.assumeIsolated { becameReady(readiness) }
        }
    }

    isolated deinit { close() }

    /// Begins to connect; the owner is called when that has ended, either way.
    package static func connecting(to address: SocketAddress) throws(SyscallError) -> DuplexStream {
        let socket = try Socket.stream()
        let progress = try Socket.connect(socket, to: address)
        return try DuplexStream(socket, peer: address, isConnecting: progress == .wouldBlock)
    }

    package var isOpen: Bool { token != nil && failure == nil }

    /// Bytes that the kernel has not taken yet.
    package var outboundCount: Int { outbound.count }

    /// One recv into `inbound`.
    package func receive() -> Reception {
        guard failure == nil else { return .failed }
        guard token != nil else { return .end }
        guard mayRead, !isConnecting else { return .nothing }
        let progress: Progress
        do {
            progress = try receiveOnce()
        } catch {
            failure = TransportError(error)
            return .failed
        }
        switch progress {
        case .wouldBlock:
            mayRead = false
            return .nothing
        case .moved(0):
            peerIsDone = true
            return .end
        case .moved(let count):
            unsafe inbound.append(copying: ReceiveBuffer.bytes, count: count)
            // A short read has drained the socket: what comes later is a new edge. At the end of the
            // stream there is no new one, so reading goes on.
            if count < ReceiveBuffer.size, !peerIsDone { mayRead = false }
            return .bytes
        }
    }

    /// Queues bytes and writes as many as the socket takes now; a failure shows in `failure`.
    package func send(_ bytes: Span<UInt8>) {
        guard isOpen else { return }
        guard outbound.isEmpty else { return outbound.append(copying: bytes) }
        let written = writeNow(bytes)
        if written < bytes.count { outbound.append(copying: bytes.extracting(written...)) }
    }

    /// The same from an array, or from the rest of one.
    package func send(_ bytes: [UInt8], from start: Int = 0) {
        send(bytes.span.extracting(start...))
    }

    /// Ends the sending direction once all that was sent is with the kernel.
    package func shutdownSending() {
        switch socket {
        case .some(let socket): Socket.shutdownSending(socket)
        case .none: break
        }
    }

    /// Closes both directions and calls nobody; more than once is harmless.
    package func close() {
        owner = nil
        guard let token else { return }
        Reactor.main.unwatch(token)
        self.token = nil
        socket = nil
    }

    // MARK: Readiness

    private func becameReady(_ readiness: Readiness) {
        let isBroken = !readiness.isDisjoint(with: [.error, .hangUp])
        if readiness.contains(.error), !isConnecting { self.isBroken = true }
        if isBroken || readiness.contains(.peerClosed) { peerIsDone = true }
        if isBroken || !readiness.isDisjoint(with: [.input, .peerClosed]) { mayRead = true }
        if isBroken || readiness.contains(.output) { becameWritable() }
        owner?.streamChanged(self)
    }

    private func becameWritable() {
        mayWrite = true
        if isConnecting {
            isConnecting = false
            failure = connectFailure()
        }
        if failure == nil, !outbound.isEmpty { outbound.consume(writeNow(outbound.span)) }
    }

    private func connectFailure() -> TransportError? {
        switch socket {
        case .some(let socket):
            do {
                guard let refusal = try Socket.takeError(socket) else { return nil }
                return TransportError(SyscallError(stage: "connect(\(peer))", errno: refusal))
            } catch {
                return TransportError(error)
            }
        case .none: return .closed
        }
    }

    private func receiveOnce() throws(SyscallError) -> Progress {
        switch socket {
        case .some(let socket): return unsafe try Socket.receive(socket, into: ReceiveBuffer.bytes)
        case .none: return .moved(0)
        }
    }

    /// Writes until the socket is full; returns how many bytes it took.
    private func writeNow(_ bytes: Span<UInt8>) -> Int {
        var done = 0
        while mayWrite, done < bytes.count {
            do {
                switch try sendOnce(bytes.extracting(done...)) {
                case .moved(let count): done += count
                case .wouldBlock: mayWrite = false
                }
            } catch {
                failure = TransportError(error)
                return done
            }
        }
        return done
    }

    private func sendOnce(_ bytes: Span<UInt8>) throws(SyscallError) -> Progress {
        switch socket {
        case .some(let socket): return try Socket.send(socket, bytes)
        case .none: return .wouldBlock
        }
    }
}
