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
    /// What the last answer came to.
    private var answered = AnswerSummary()
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
            while !isFinishing, var head = try await nextHead() {
                let note = server.beginNote(of: &head, from: connection.peer)
                defer { if let note { server.finish(note, answered) } }
                answered = AnswerSummary()
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
            answered.source = .hit
            return try await answer(with: object, to: head, at: moment, isStale: false) {
                server.appendHitStatus(of: object, at: moment, to: &$0)
            }
        }
        if head.expectsContinue { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        let interim: (HTTPResponseHead) -> Void = { [connection] interim in
            if head.version == .http10 { return }
            var bytes: [UInt8] = []
            interim.encode(into: &bytes)
            connection.send(bytes)
        }
        if !EdgeServer.isForUs(head), let upload = Upload(head) {
            return try await relay(upload, of: head, interim)
        }
        let content = try await connection.requestContent(
            of: head, limits: limits.message, deadline: .now() + limits.requestTimeout)
        let reply = await server.reply(
            to: head, content: content, upload: nil, from: connection.peer, onInterim: interim)
        return try await answer(with: reply, to: head)
    }

    /// Content goes on as it comes; an answer that does not wait for its end also ends the
    /// connection, for the rest of it would stand before the next request.
    private func relay(
        _ upload: Upload, of head: HTTPRequestHead,
        _ interim: @escaping (HTTPResponseHead) -> Void
    ) async throws -> Bool {
        if case .count(let count) = head.body, count > limits.message.bodyBytesMax {
            var refusal = HTTPResponse(413, error: "content above \(limits.message.bodyBytesMax)")
            refusal.head.keepAlive = false
            return try await answer(with: refusal, to: head)
        }
        let (message, patience) = (limits.message, limits.requestTimeout)
        Task { @ReactorActor [connection] in
            await upload.receive(from: connection, limits: message, patience: patience)
        }
        defer { upload.stop() }
        let reply = await server.reply(
            to: head, content: [], upload: upload, from: connection.peer, onInterim: interim)
        if let failure = upload.failure { throw failure }
        var answered = head
        answered.keepAlive = head.keepAlive && upload.isReceived
        return try await answer(with: reply, to: answered)
    }

    private func answer(
        with reply: EdgeReply, to head: HTTPRequestHead
    ) async throws(TransportError) -> Bool {
        switch reply {
        case .message(let response): return try await answer(with: response, to: head)
        case .object(let object, let status):
            let text = status.text(of: server.name)
            let isStale = status.isStaleHit
            answered.source = isStale ? .stale : status.isHit ? .hit : .renewed
            return try await answer(with: object, to: head, at: server.now, isStale: isStale) {
                $0.append(text: text)
            }
        case .stream(let answer, let reader):
            defer { reader.close() }
            answered.source = .origin
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
        let (status, content) = ObjectAnswer.append(
            object, to: head, moment: moment, isStale: isStale, keepAlive: stays,
            into: &outbound, appendStatus: appendStatus)
        switch content {
        case .stored(let part): try await send(object.body[part], status)
        case .made(let bytes): try await send(bytes[...], status)
        }
        try await settle(stays)
        return stays
    }

    /// The head that is gathered, and its content, no faster than the client takes it.
    private func send(_ content: ArraySlice<UInt8>, _ status: Int) async throws(TransportError) {
        answered.status = status
        answered.bytes = content.count
        if content.count <= Self.inlineMax {
            outbound.append(contentsOf: content)
            connection.send(outbound)
            return
        }
        connection.send(outbound)
        var start = content.startIndex
        while start < content.endIndex {
            let end = min(start + Self.outboundMax, content.endIndex)
            connection.send(Array(content[start..<end]))
            try await drain()
            start = end
        }
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
        answered.status = head.status
        answered.bytes = response.content.count
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
        answered.status = head.status
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
                answered.bytes += bytes.count
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
