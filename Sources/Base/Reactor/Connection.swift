// A TCP stream on the loop: what arrived waits in `inbound`, what is to leave goes out at once as
// far as the socket takes it, and only the rest is queued.

package import Linux

/// One connected stream socket.
@ReactorActor
package final class Connection {
    package let peer: SocketAddress
    /// Received and not yet consumed.
    package var inbound = ByteQueue()

    private var socket: FileDescriptor?
    private var token: WatchToken?
    private var outbound = ByteQueue()
    private var mayRead = true
    private var mayWrite = true
    private var failure: TransportError?
    private let readGate = Turnstile()
    private let writeGate = Turnstile()

    init(_ socket: consuming FileDescriptor, peer: SocketAddress) throws(TransportError) {
        self.peer = peer
        let raw = socket.raw
        do {
            try Socket.sendWithoutDelay(socket)
            self.socket = consume socket
            token = try Reactor.main.watch(raw, [.input, .output, .peerClosed]) {
                [weak self] readiness in
                ReactorActor.assumeIsolated { self?.becameReady(readiness) }
            }
        } catch {
            throw TransportError(error)
        }
    }

    isolated deinit { close() }

    package var isOpen: Bool { token != nil && failure == nil }

    /// True once the peer will send nothing more; a kept connection is then of no further use.
    package private(set) var peerIsDone = false

    /// Bytes that the kernel has not taken yet.
    package var outboundCount: Int { outbound.count }

    /// Connects; the source address is the kernel's choice unless one is given.
    package static func connect(
        to address: SocketAddress, from source: IPv4Address? = nil, deadline: MonotonicTime
    ) async throws(TransportError) -> Connection {
        let connection: Connection
        let progress: Progress
        do {
            let socket = try Socket.stream()
            if let source { try Socket.bind(socket, to: SocketAddress(ip: source, port: 0)) }
            progress = try Socket.connect(socket, to: address)
            connection = try Connection(socket, peer: address)
        } catch let error as SyscallError {
            throw TransportError(error)
        } catch let error as TransportError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
        if progress == .wouldBlock { try await connection.finishConnect(deadline) }
        return connection
    }

    /// Waits until more has arrived: true when `inbound` grew, false when the peer is done sending.
    package func receive(
        deadline: MonotonicTime? = nil
    ) async throws(TransportError) -> Bool {
        while true {
            if let failure { throw failure }
            guard token != nil else { throw .closed }
            if mayRead, let result = try readOnce() { return result }
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
        guard isOpen else { return }
        if !outbound.isEmpty {
            outbound.append(bytes)
            return
        }
        let written = writeNow(bytes.span)
        if written < bytes.count { outbound.append(bytes[written...]) }
    }

    /// Waits until the kernel has taken everything.
    package func flush(deadline: MonotonicTime? = nil) async throws(TransportError) {
        while !outbound.isEmpty {
            if let failure { throw failure }
            guard token != nil else { throw .closed }
            guard await writeGate.wait(deadline: deadline) else { throw .timedOut }
        }
        if let failure { throw failure }
    }

    /// Closes both directions and wakes whoever waits with `closed`; more than once is harmless.
    package func close() {
        guard let token else { return }
        Reactor.main.unwatch(token)
        self.token = nil
        socket = nil
        failure = failure ?? .closed
        readGate.wakeAll()
        writeGate.wakeAll()
    }

    // MARK: Readiness

    private func becameReady(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .error, .hangUp]) { peerIsDone = true }
        if !readiness.isDisjoint(with: [.input, .peerClosed, .error, .hangUp]) {
            mayRead = true
            readGate.wakeAll()
        }
        if !readiness.isDisjoint(with: [.output, .error, .hangUp]) {
            mayWrite = true
            drainOutbound()
        }
    }

    private func finishConnect(_ deadline: MonotonicTime) async throws(TransportError) {
        mayWrite = false
        while !mayWrite {
            guard await writeGate.wait(deadline: deadline) else {
                close()
                throw .timedOut
            }
            if let failure { throw failure }
        }
        let refusal: SyscallError?
        do {
            refusal = try takeSocketError().map {
                SyscallError(stage: "connect(\(peer))", errno: $0)
            }
        } catch {
            refusal = error
        }
        guard let refusal else { return }
        close()
        throw TransportError(refusal)
    }

    private func takeSocketError() throws(SyscallError) -> Errno? {
        switch socket {
        case .some(let socket): return try Socket.takeError(socket)
        case .none: return nil
        }
    }

    /// One recv: true when bytes came, false at the end, nil when nothing is there yet.
    private func readOnce() throws(TransportError) -> Bool? {
        let progress: Progress
        do {
            progress = try receiveOnce()
        } catch {
            failure = TransportError(error)
            throw TransportError(error)
        }
        switch progress {
        case .wouldBlock:
            mayRead = false
            return nil
        case .moved(0): return false
        case .moved(let count):
            unsafe inbound.append(ReceiveBuffer.bytes.prefix(count))
            return true
        }
    }

    private func receiveOnce() throws(SyscallError) -> Progress {
        switch socket {
        case .some(let socket): return unsafe try Socket.receive(socket, into: ReceiveBuffer.bytes)
        case .none: return .moved(0)
        }
    }

    private func drainOutbound() {
        if !outbound.isEmpty { outbound.consume(writeNow(outbound.span)) }
        if outbound.isEmpty { writeGate.wakeAll() }
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
                readGate.wakeAll()
                writeGate.wakeAll()
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
