// HTTP/1.1 to one origin over kept connections, the answer's content piece by piece.

import Endpoints
import Linux
import Reactor
import Wire

/// A request as it goes out.
struct OriginRequest {
    var head: HTTPRequestHead
    var content: [UInt8]
    /// Content that follows the head as it comes.
    var upload: Upload?

    /// True when it can be sent twice, and that has the effect of once.
    var isIdempotent: Bool {
        upload == nil && (head.isIdempotent || head.headers["idempotency-key"] != nil)
    }

    @ReactorActor
    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        if let upload {
            var head = head
            head.body = upload.length
            head.encode(into: &bytes)
        } else if content.isEmpty, head.isIdempotent {
            var head = head
            head.body = .none
            head.encode(into: &bytes)
        } else {
            head.encode(into: &bytes, content: content)
        }
        return bytes
    }
}

/// How long things at an origin may take.
struct OriginPatience {
    var connect: Duration
    /// From the request to the head, and between two pieces of the content.
    var answer: Duration
}

@ReactorActor
final class OriginPool {
    typealias InterimHandler = @ReactorActor (HTTPResponseHead) -> Void

    let name: String
    private let address: SocketAddress
    private let connectionsMax: Int
    private let patience: OriginPatience
    private var idle: [Connection] = []
    /// 0 <= busy <= connectionsMax
    private var busy = 0
    private let places = Turnstile()
    /// It could not be reached just before this; until then others are asked first.
    private(set) var avoidedUntil = MonotonicTime(nanoseconds: .min)

    private static let avoidance = Duration.seconds(1)

    init(_ name: String, _ address: SocketAddress, connectionsMax: Int, _ patience: OriginPatience)
    {
        self.name = name
        self.address = address
        self.connectionsMax = connectionsMax
        self.patience = patience
    }

    var connectionCount: Int { busy + idle.count }

    /// Sends one request and waits for the head of its answer.
    ///
    /// An idempotent request is sent once more where a kept connection turned out to be closed
    /// (RFC 9112 section 9.3.1).
    func send(
        _ request: OriginRequest, deadline: MonotonicTime, onInterim: InterimHandler
    ) async throws(ClientError) -> OriginAnswer {
        try await takePlace(deadline)
        do {
            if let answer = try await sendOnKept(request, deadline, onInterim) { return answer }
            let fresh = try await connect(deadline)
            return try await exchange(request, on: fresh, deadline, onInterim)
        } catch {
            givePlace()
            throw error
        }
    }

    /// Nil when no kept connection is there, or the one that was there had been closed.
    private func sendOnKept(
        _ request: OriginRequest, _ deadline: MonotonicTime, _ onInterim: InterimHandler
    ) async throws(ClientError) -> OriginAnswer? {
        // An upload is gone once it was sent, so it takes no chance with a connection.
        guard request.upload == nil, let kept = takeIdle() else { return nil }
        do {
            return try await exchange(request, on: kept, deadline, onInterim)
        } catch {
            let wasClosed = error == .unanswered(.closed) || error == .unanswered(.reset)
            guard wasClosed, request.isIdempotent else { throw error }
            return nil
        }
    }

    func close() {
        for connection in idle { connection.close() }
        idle.removeAll()
    }

    // MARK: Connections

    private func takePlace(_ deadline: MonotonicTime) async throws(ClientError) {
        if busy < connectionsMax {
            busy += 1
            return
        }
        guard await places.wait(deadline: deadline) else { throw .unreachable(.timedOut) }
    }

    private func givePlace() {
        if !places.wakeOne() { busy -= 1 }
    }

    private func takeIdle() -> Connection? {
        while let connection = idle.popLast() {
            if Self.isReusable(connection) { return connection }
            connection.close()
        }
        return nil
    }

    private static func isReusable(_ connection: Connection) -> Bool {
        connection.isOpen && !connection.peerIsDone && connection.inbound.isEmpty
    }

    private func connect(_ deadline: MonotonicTime) async throws(ClientError) -> Connection {
        do {
            let limit = min(deadline, .now() + patience.connect)
            let connection = try await Connection.connect(to: address, deadline: limit)
            avoidedUntil = MonotonicTime(nanoseconds: .min)
            return connection
        } catch {
            avoidedUntil = .now() + Self.avoidance
            throw .unreachable(error)
        }
    }

    /// Called by an answer at its end, once.
    fileprivate func take(back connection: Connection, isReusable: Bool) {
        if isReusable, Self.isReusable(connection) {
            idle.append(connection)
        } else {
            connection.close()
        }
        givePlace()
    }

    // MARK: Exchange

    private func exchange(
        _ request: OriginRequest, on connection: Connection, _ deadline: MonotonicTime,
        _ onInterim: InterimHandler
    ) async throws(ClientError) -> OriginAnswer {
        connection.send(request.encode())
        do {
            try await sendUpload(of: request, on: connection)
            let limit = min(deadline, .now() + patience.answer)
            let head = try await head(
                of: connection, answering: request.head.method, limit, onInterim)
            return OriginAnswer(
                head, connection, self, patience: patience.answer, upload: request.upload)
        } catch {
            connection.close()
            throw error
        }
    }

    /// Until all of it is sent or the origin has something to say, be it that it wants no more.
    private func sendUpload(
        of request: OriginRequest, on connection: Connection
    ) async throws(ClientError) {
        guard let upload = request.upload else { return }
        let patience = patience.answer
        Task { @ReactorActor in await upload.send(to: connection, patience: patience) }
        while !upload.isSent, connection.inbound.isEmpty {
            do {
                guard try await connection.receive(deadline: .now() + .milliseconds(100)) else {
                    return
                }
            } catch {
                guard error == .timedOut else { throw .unanswered(error) }
            }
        }
    }

    private func head(
        of connection: Connection, answering method: String, _ deadline: MonotonicTime,
        _ onInterim: InterimHandler
    ) async throws(ClientError) -> HTTPResponseHead {
        while true {
            do {
                let head = try connection.take { (bytes) throws(HTTPError) in
                    try HTTPResponseHead.parse(bytes, answering: method)
                }
                if let head, !head.isInterim { return head }
                if let head {
                    onInterim(head)
                    continue
                }
            } catch {
                throw .malformed
            }
            guard try await connection.receiveMore(deadline) else { throw .unanswered(.closed) }
        }
    }
}

/// An answer whose content is still to be read; it must be read to its end or abandoned.
@ReactorActor
final class OriginAnswer {
    let head: HTTPResponseHead
    private let connection: Connection
    private let pool: OriginPool
    private let patience: Duration
    private let upload: Upload?
    private var decoder: HTTPBodyDecoder
    private var isOver = false

    fileprivate init(
        _ head: HTTPResponseHead, _ connection: Connection, _ pool: OriginPool,
        patience: Duration, upload: Upload?
    ) {
        self.head = head
        self.upload = upload
        self.connection = connection
        self.pool = pool
        self.patience = patience
        var limits = HTTPLimits.standard
        limits.bodyBytesMax = Int.max
        decoder = HTTPBodyDecoder(head.body, limits: limits)
        if decoder.isDone { end() }
    }

    /// True once the last byte has been handed out.
    var isComplete: Bool { decoder.isDone }

    /// The next piece of the content; empty at its end.
    func next() async throws(ClientError) -> [UInt8] {
        var piece: [UInt8] = []
        do {
            while !decoder.isDone {
                try decode(into: &piece)
                if decoder.isDone || !piece.isEmpty { break }
                guard try await connection.receiveMore(.now() + patience) else {
                    try finishAtClose()
                    break
                }
            }
        } catch {
            abandon()
            throw error
        }
        if decoder.isDone { end() }
        return piece
    }

    /// Gives the connection up, since the rest of the content lies in it.
    func abandon() {
        if isOver { return }
        isOver = true
        pool.take(back: connection, isReusable: false)
    }

    private func decode(into piece: inout [UInt8]) throws(ClientError) {
        do {
            let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
                try decoder.consume(bytes, into: &piece).consumed
            }
            connection.inbound.consume(consumed)
        } catch {
            throw .malformed
        }
    }

    private func finishAtClose() throws(ClientError) {
        do {
            try decoder.finish()
        } catch {
            throw .unanswered(.closed)
        }
    }

    private func end() {
        if isOver { return }
        isOver = true
        pool.take(back: connection, isReusable: head.keepAlive && upload?.isSent ?? true)
    }
}

extension Connection {
    fileprivate func receiveMore(_ deadline: MonotonicTime) async throws(ClientError) -> Bool {
        do {
            return try await receive(deadline: deadline)
        } catch {
            throw .unanswered(error)
        }
    }
}
