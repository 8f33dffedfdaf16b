// A TCP stream on the loop for code that waits: what arrived lies in `inbound`, what is to leave goes out
// at once as far as the socket takes it, and only the rest is queued.

package import Linux

/// One connected stream socket.
@ReactorActor
package final class Connection {
    package let peer: SocketAddress
    /// Received and not yet consumed.
    package var inbound = ByteQueue()

    private var socket: StreamSocket
    private let readGate = Turnstile()
    private let writeGate = Turnstile()

    convenience init(
        _ socket: consuming FileDescriptor, peer: SocketAddress
    ) throws(TransportError) {
        try self.init(socket, peer: peer, isConnecting: false)
    }

    private init(
        _ socket: consuming FileDescriptor, peer: SocketAddress, isConnecting: Bool
    ) throws(TransportError) {
        self.peer = peer
        do {
            self.socket = try StreamSocket(socket, isConnecting: isConnecting)
            try self.socket.watch { [weak self] in self?.becameReady($0) }
        } catch {
            throw TransportError(error)
        }
    }

    isolated deinit { close() }

    package var isOpen: Bool { socket.isOpen }

    /// True once the peer will send nothing more; a kept connection is then of no further use.
    package var peerIsDone: Bool { socket.peerIsDone }

    /// Bytes that the kernel has not taken yet.
    package var outboundCount: Int { socket.outboundCount }

    /// Connects; the source address is the kernel's choice unless one is given.
    package static func connect(
        to address: SocketAddress, from source: IPv4Address? = nil, deadline: MonotonicTime
    ) async throws(TransportError) -> Connection {
        let connection: Connection
        do {
            let socket = try Socket.stream()
            if let source { try Socket.bind(socket, to: SocketAddress(ip: source, port: 0)) }
            let progress = try Socket.connect(socket, to: address)
            connection = try Connection(
                socket, peer: address, isConnecting: progress == .wouldBlock)
        } catch let error as SyscallError {
            throw TransportError(error)
        } catch let error as TransportError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
        try await connection.finishConnect(deadline)
        return connection
    }

    /// Waits until more has arrived: true when `inbound` grew, false when the peer is done sending.
    package func receive(
        deadline: MonotonicTime? = nil
    ) async throws(TransportError) -> Bool {
        while true {
            if let failure = socket.failure { throw failure }
            if socket.isClosed { throw .closed }
            switch socket.receive(into: &inbound) {
            case .bytes: return true
            case .end: return false
            case .failed: continue
            case .nothing: break
            }
            guard await readGate.wait(deadline: deadline) else { throw .timedOut }
        }
    }

    /// Parses the front of what has arrived and consumes as many bytes as the parser says; nil
    /// while the front is incomplete.
    package func take<Value, Failure>(
        _ parse: (Span<UInt8>) throws(Failure) -> (Value, Int)?
    ) throws(Failure) -> Value? {
        guard let (value, consumed) = try inbound.withSpan(parse) else { return nil }
        inbound.consume(consumed)
        return value
    }

    /// Queues bytes and writes as many as the socket takes now; a failure shows at the next wait.
    package func send(_ bytes: [UInt8]) {
        socket.send(bytes.span)
        if socket.failure != nil { wakeAll() }
    }

    /// Waits until the kernel has taken everything.
    package func flush(deadline: MonotonicTime? = nil) async throws(TransportError) {
        while socket.outboundCount > 0 {
            if let failure = socket.failure { throw failure }
            if socket.isClosed { throw .closed }
            guard await writeGate.wait(deadline: deadline) else { throw .timedOut }
        }
        if let failure = socket.failure { throw failure }
        if socket.isClosed { throw .closed }
    }

    /// Closes both directions and wakes whoever waits with `closed`; more than once is harmless.
    package func close() {
        if socket.close() { wakeAll() }
    }

    private func becameReady(_ readiness: Readiness) {
        socket.note(readiness, peer: peer)
        if socket.failure != nil { return wakeAll() }
        if socket.mayRead { readGate.wakeAll() }
        if socket.outboundCount == 0 { writeGate.wakeAll() }
    }

    private func wakeAll() {
        readGate.wakeAll()
        writeGate.wakeAll()
    }

    private func finishConnect(_ deadline: MonotonicTime) async throws(TransportError) {
        while socket.isConnecting {
            guard await writeGate.wait(deadline: deadline) else {
                close()
                throw .timedOut
            }
            if socket.isClosed { throw .closed }
        }
        guard let failure = socket.failure else { return }
        close()
        throw failure
    }
}
