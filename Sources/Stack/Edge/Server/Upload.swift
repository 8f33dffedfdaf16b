// A request's content on its way from the client to the origin, piece by piece: a large one through a
// slow client or to a slow origin costs a window of memory and not its length.

import Linux
import Reactor
import Wire

@ReactorActor
final class Upload {
    /// Content up to this size is gathered, so that it can be sent again where a kept connection
    /// turned out to be closed.
    static let gatheredMax = 64 << 10
    /// Bytes a second below which a client has left, on the whole.
    private static let rateMin: Int64 = 256

    let length: HTTPBodyLength
    private let stream: BodyStream
    private let reader: BodyReader
    /// Every byte has come from the client.
    private(set) var isReceived = false
    /// Every byte has gone to the origin.
    private(set) var isSent = false
    /// Why the client's part ended too soon, where the client is to be told.
    private(set) var failure: HTTPError?

    /// Nil for content that is gathered instead.
    init?(_ head: HTTPRequestHead) {
        switch head.body {
        case .none, .untilClose: return nil
        case .count(let count) where count <= Self.gatheredMax: return nil
        case .count, .chunked: break
        }
        let stream = BodyStream(isKept: false)
        guard let reader = stream.attach() else { return nil }
        length = head.body
        self.stream = stream
        self.reader = reader
    }

    /// Nobody wants the rest.
    func stop() { reader.close() }

    // MARK: From the client

    func receive(from connection: Connection, limits: HTTPLimits, patience: Duration) async {
        let start = MonotonicTime.now()
        var decoder = HTTPBodyDecoder(length, limits: limits)
        do {
            while !decoder.isDone {
                try take(from: connection, by: &decoder)
                if decoder.isDone { break }
                let earned = Duration.seconds(Int64(stream.count) / Self.rateMin)
                let deadline = start + patience + earned
                guard await stream.waitForRoom(deadline: .now() + patience),
                    try await connection.receive(deadline: deadline)
                else { return stream.finish(.failed) }
            }
            isReceived = true
            stream.finish(.complete)
        } catch {
            failure = error as? HTTPError
            stream.finish(.failed)
        }
    }

    private func take(
        from connection: Connection, by decoder: inout HTTPBodyDecoder
    ) throws(HTTPError) {
        var piece: [UInt8] = []
        let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
            try decoder.consume(bytes, into: &piece).consumed
        }
        connection.inbound.consume(consumed)
        stream.append(piece)
    }

    // MARK: To the origin

    /// Closes the connection where the content breaks off, which is how the origin learns of it.
    func send(to connection: Connection, patience: Duration) async {
        defer { reader.close() }
        do {
            while true {
                switch await reader.next(deadline: .distantFuture) {
                case .bytes(let bytes):
                    connection.send(framed(bytes))
                    try await connection.flush(deadline: .now() + patience)
                case .end:
                    if length == .chunked {
                        var last: [UInt8] = []
                        last.appendHTTPLastChunk()
                        connection.send(last)
                    }
                    isSent = true
                    return
                case .failed: return connection.close()
                }
            }
        } catch {
            connection.close()
        }
    }

    private func framed(_ bytes: [UInt8]) -> [UInt8] {
        guard length == .chunked else { return bytes }
        var chunk: [UInt8] = []
        chunk.appendHTTP(chunk: bytes.span)
        return chunk
    }
}
