// The bytes of one stream socket: what is to leave goes out at once as far as the kernel takes it, the
// rest waits here, and what arrives is received only when the kernel has said that there may be some.
// Both kinds of streams stand on it: `Connection`, which is awaited, and `DuplexStream`, which calls
// back.

import Linux

/// A connected, or connecting, stream socket on the loop.
struct StreamSocket: ~Copyable {
    private var descriptor: FileDescriptor?
    private var token: WatchToken?
    private var outbound = ByteQueue()
    private(set) var failure: TransportError?
    private(set) var isConnecting: Bool
    /// True until a receive has found the socket empty.
    private(set) var mayRead = true
    private var mayWrite: Bool
    /// The sending direction ends as soon as nothing waits any more.
    private var isEnding = false
    /// True once the peer has announced its end, whether or not all was received.
    private(set) var peerIsDone = false
    /// True once the kernel has reported the connection broken; what arrived before can be received.
    private(set) var isBroken = false

    init(_ socket: consuming FileDescriptor, isConnecting: Bool) throws(SyscallError) {
        try Socket.sendWithoutDelay(socket)
        descriptor = consume socket
        self.isConnecting = isConnecting
        mayWrite = !isConnecting
    }

    /// Begins to hear of readiness; whoever is called passes it to `note`.
    @ReactorActor
    mutating func watch(
        _ deliver: @escaping @ReactorActor (Readiness) -> Void
    ) throws(SyscallError) {
        guard let raw else { preconditionFailure("only an open socket is watched") }
        token = try Reactor.main.watch(raw, [.input, .output, .peerClosed], deliver)
    }

    var isOpen: Bool { token != nil && failure == nil }

    var isClosed: Bool { token == nil }

    /// Bytes that the kernel has not taken yet.
    var outboundCount: Int { outbound.count }

    /// One recv(2) into the queue.
    @ReactorActor
    mutating func receive(into inbound: inout ByteQueue) -> DuplexStream.Reception {
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
            inbound.find(roomIn: &ReceiveBuffer.spares)
            unsafe inbound.append(copying: ReceiveBuffer.bytes, count: count)
            // A short read has drained the socket: what comes later is a new edge. At the end of the
            // stream there is no new one, so reading goes on.
            if count < ReceiveBuffer.size, !peerIsDone { mayRead = false }
            return .bytes
        }
    }

    /// Queues bytes and writes as many as the socket takes now; a failure shows in `failure`.
    mutating func send(_ bytes: Span<UInt8>) {
        guard isOpen else { return }
        guard outbound.isEmpty else { return outbound.append(copying: bytes) }
        let written = writeNow(bytes)
        if written < bytes.count { outbound.append(copying: bytes.extracting(written...)) }
    }

    /// Ends the sending direction once all that was sent is with the kernel.
    mutating func shutdownSending() {
        guard outbound.isEmpty, !isConnecting else {
            isEnding = true
            return
        }
        switch descriptor {
        case .some(let descriptor): Socket.shutdownSending(descriptor)
        case .none: break
        }
    }

    /// Closes both directions; false when that was done already.
    @ReactorActor
    mutating func close() -> Bool {
        guard let token else { return false }
        Reactor.main.unwatch(token)
        self.token = nil
        descriptor = nil
        return true
    }

    // MARK: Readiness

    /// Takes in what the kernel says: the end of a connect, room for what waits, an end or a failure.
    mutating func note(_ readiness: Readiness, peer: SocketAddress) {
        if readiness.isError, !isConnecting { isBroken = true }
        if readiness.isPeerDone { peerIsDone = true }
        if readiness.mayReceive { mayRead = true }
        if readiness.maySend { becameWritable(peer) }
    }

    private mutating func becameWritable(_ peer: SocketAddress) {
        mayWrite = true
        if isConnecting {
            isConnecting = false
            failure = connectFailure(peer)
        }
        if failure == nil, !outbound.isEmpty { drain() }
        if isEnding, failure == nil, outbound.isEmpty { shutdownSending() }
    }

    private mutating func drain() {
        var waiting = ByteQueue()
        swap(&waiting, &outbound)
        waiting.consume(writeNow(waiting.span))
        swap(&waiting, &outbound)
    }

    private func connectFailure(_ peer: SocketAddress) -> TransportError? {
        switch descriptor {
        case .some(let descriptor):
            do {
                guard let refusal = try Socket.takeError(descriptor) else { return nil }
                return TransportError(SyscallError(stage: "connect(\(peer))", errno: refusal))
            } catch {
                return TransportError(error)
            }
        case .none: return .closed
        }
    }

    private var raw: Int32? {
        switch descriptor {
        case .some(let descriptor): descriptor.raw
        case .none: nil
        }
    }

    @ReactorActor
    private func receiveOnce() throws(SyscallError) -> Progress {
        switch descriptor {
        case .some(let descriptor):
            return unsafe try Socket.receive(descriptor, into: ReceiveBuffer.bytes)
        case .none: return .moved(0)
        }
    }

    /// Writes until the socket is full; returns how many bytes it took.
    private mutating func writeNow(_ bytes: Span<UInt8>) -> Int {
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
        switch descriptor {
        case .some(let descriptor): return try Socket.send(descriptor, bytes)
        case .none: return .wouldBlock
        }
    }
}
