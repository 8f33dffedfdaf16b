// One connection of a client: requests in, answers out, one after the other.

import Endpoints
import Linux
import Reactor
import Wire

/// What one connection may take.
struct SessionLimits {
    /// Time for the whole of a request to arrive, from its first byte, and for a client to take
    /// some of an answer that is waiting for it.
    var requestTimeout: Duration = .seconds(10)
    var idleTimeout: Duration
    var message = HTTPLimits.standard
}

@ReactorActor
final class EdgeSession: ServerSession {
    private let connection: Connection
    private let limits: SessionLimits
    private unowned let server: EdgeServer
    private var isIdle = true
    private var isFinishing = false
    /// Reused from answer to answer.
    private var outbound: [UInt8] = []

    /// Bytes that may wait for a client before its answer goes on.
    private static let outboundMax = 128 << 10
    /// Content up to this size is sent together with its head.
    private static let inlineMax = 64 << 10

    init(_ connection: Connection, _ limits: SessionLimits, _ server: EdgeServer) {
        self.connection = connection
        self.limits = limits
        self.server = server
    }

    func run() async {
        defer { connection.close() }
        do {
            while !isFinishing, let head = try await nextHead() {
                let stays = try await serve(head)
                if !stays { return }
            }
        } catch let error as HTTPError {
            await refuse(error)
        } catch {
            return
        }
    }

    /// Closes at once if no request is in work, else after its answer.
    func finish() {
        isFinishing = true
        if isIdle { connection.close() }
    }

    func cut() { connection.close() }

    /// True when another request may follow.
    private func serve(_ head: HTTPRequestHead) async throws -> Bool {
        let moment = server.now
        if let object = server.hit(for: head, at: moment) {
            return try await answer(with: object, to: head, at: moment, isStale: false) {
                server.appendHitStatus(of: object, at: moment, to: &$0)
            }
        }
        if head.expectsContinue { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        let content = try await connection.requestContent(
            of: head, limits: limits.message, deadline: .now() + limits.requestTimeout)
        let reply = await server.reply(to: head, content: content, from: connection.peer) {
            [connection] interim in
            if head.version == .http10 { return }
            var bytes: [UInt8] = []
            interim.encode(into: &bytes)
            connection.send(bytes)
        }
        switch reply {
        case .message(let response): return try await answer(with: response, to: head)
        case .object(let object, let status):
            let text = status.text(of: server.name)
            let isStale = status.isStaleHit
            return try await answer(with: object, to: head, at: server.now, isStale: isStale) {
                $0.append(text: text)
            }
        case .stream(let answer, let reader):
            defer { reader.close() }
            return try await stream(answer, reader, to: head)
        }
    }

    // MARK: Reading

    private func nextHead() async throws -> HTTPRequestHead? {
        isIdle = connection.inbound.isEmpty
        if isIdle {
            guard try await connection.receive(deadline: .now() + limits.idleTimeout) else {
                return nil
            }
        }
        isIdle = false
        return try await connection.requestHead(
            limits: limits.message, deadline: .now() + limits.requestTimeout)
    }

    // MARK: Writing

    private func stays(_ head: HTTPRequestHead) -> Bool { head.keepAlive && !isFinishing }

    private func answer(
        with object: StoredObject, to head: HTTPRequestHead, at moment: Moment, isStale: Bool,
        appendStatus: (inout [UInt8]) -> Void
    ) async throws(TransportError) -> Bool {
        let stays = stays(head)
        outbound.removeAll(keepingCapacity: true)
        let part = ObjectAnswer.append(
            object, to: head, moment: moment, isStale: isStale, keepAlive: stays,
            into: &outbound, appendStatus: appendStatus)
        if part.count <= Self.inlineMax {
            outbound.append(contentsOf: object.body[part])
            connection.send(outbound)
        } else {
            connection.send(outbound)
            var start = part.lowerBound
            while start < part.upperBound {
                let end = min(start + Self.outboundMax, part.upperBound)
                connection.send(Array(object.body[start..<end]))
                try await drain()
                start = end
            }
        }
        try await settle(stays)
        return stays
    }

    private func answer(
        with response: HTTPResponse, to request: HTTPRequestHead
    ) async throws(TransportError) -> Bool {
        let stays = stays(request) && response.head.keepAlive
        var head = response.head
        head.keepAlive = stays
        head.version = request.version
        outbound.removeAll(keepingCapacity: true)
        if request.method == "HEAD" || HTTPResponseHead.hasNoContent(head.status) {
            head.body = .none
            head.encode(into: &outbound)
        } else {
            head.encode(into: &outbound, content: response.content)
        }
        connection.send(outbound)
        try await settle(stays)
        return stays
    }

    /// Sends what the origin sends; an answer that breaks off ends the connection, which is how the
    /// client learns of it.
    private func stream(
        _ answer: HTTPResponseHead, _ reader: BodyReader, to request: HTTPRequestHead
    ) async throws(TransportError) -> Bool {
        var head = answer
        head.version = request.version
        if request.method == "HEAD" || HTTPResponseHead.hasNoContent(head.status) {
            head.body = .none
        } else if head.body == .chunked || head.body == .untilClose {
            head.body = request.version == .http10 ? .untilClose : .chunked
        }
        let stays = stays(request) && head.body != .untilClose
        head.keepAlive = stays
        outbound.removeAll(keepingCapacity: true)
        head.encode(into: &outbound)
        if head.body == .none {
            connection.send(outbound)
        } else {
            guard try await sendContent(reader, isChunked: head.body == .chunked) else {
                return false
            }
        }
        try await settle(stays)
        return stays
    }

    /// Everything that is there goes out in one write; false when the content broke off.
    private func sendContent(
        _ reader: BodyReader, isChunked: Bool
    ) async throws(TransportError) -> Bool {
        while true {
            let piece: BodyReader.Piece
            if let available = reader.available() {
                piece = available
            } else {
                sendGathered()
                piece = await reader.next(deadline: .distantFuture)
            }
            switch piece {
            case .bytes(let bytes):
                if isChunked {
                    outbound.appendHTTP(chunk: bytes.span)
                } else {
                    outbound.append(contentsOf: bytes)
                }
                if outbound.count >= Self.inlineMax { sendGathered() }
                try await drain()
            case .end:
                if isChunked { outbound.appendHTTPLastChunk() }
                sendGathered()
                return true
            case .failed:
                sendGathered()
                return false
            }
        }
    }

    private func sendGathered() {
        if outbound.isEmpty { return }
        connection.send(outbound)
        outbound.removeAll(keepingCapacity: true)
    }

    /// Waits for a client that takes its answer slowly, but not for ever.
    private func drain() async throws(TransportError) {
        guard connection.outboundCount > Self.outboundMax || !connection.isOpen else { return }
        try await connection.flush(deadline: .now() + limits.requestTimeout)
    }

    private func settle(_ stays: Bool) async throws(TransportError) {
        if stays, connection.outboundCount == 0 { return }
        try await connection.flush(deadline: .now() + limits.requestTimeout)
    }

    private func refuse(_ error: HTTPError) async {
        let response = HTTPResponse(error.status, error: "\(error.reason)")
        var head = response.head
        head.keepAlive = false
        var bytes: [UInt8] = []
        head.encode(into: &bytes, content: response.content)
        connection.send(bytes)
        _ = try? await connection.flush(deadline: .now() + .seconds(1))
    }
}

extension Moment {
    /// Both clocks, read now.
    package static func now() -> Moment {
        Moment(
            milliseconds: MonotonicTime.now().nanoseconds / 1_000_000,
            wallSeconds: WallTime.now().nanoseconds / 1_000_000_000)
    }
}
