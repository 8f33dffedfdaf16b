// DNS over TCP (RFC 7766): each message behind its length in two bytes. Clients may send the next query
// before the answer to the last; answers come in the order of the queries. A connection without a
// query for a while is closed, and so is one that does not read its answers.

import Blueprint
import Linux
import Reactor
import Telemetry

@ReactorActor
final class StreamServer {
    /// The longest query that is read: room for any name and generous options.
    private static let queryBytesMax = 4096
    /// Answers that may wait for one client before no more of its queries are read.
    private static let outboundMax = 64 << 10
    /// Queries of one client in a row, after which others have their turn.
    private static let turnMax = 64

    typealias Answer = @ReactorActor (_ query: [UInt8], _ client: IPv4Address) -> [UInt8]?

    private let listener: Listener
    private let settings: GeoDNSSettings
    private let answer: Answer
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var isDraining = false
    private let ended = Turnstile()

    init(_ listener: Listener, _ settings: GeoDNSSettings, answer: @escaping Answer) {
        self.listener = listener
        self.settings = settings
        self.answer = answer
    }

    var address: SocketAddress { listener.address }
    var connectionCount: Int { connections.count }

    /// Serves until drained.
    func run() async {
        while let connection = await listener.acceptNext() {
            guard connections.count < settings.connectionsMax else {
                connection.close()
                continue
            }
            connections[ObjectIdentifier(connection)] = connection
            Task { @ReactorActor in
                await serve(connection)
                connection.close()
                connections[ObjectIdentifier(connection)] = nil
                ended.wakeAll()
            }
        }
    }

    /// Accepts nothing more, and closes every connection once its answers are out.
    func drain(deadline: MonotonicTime) async {
        isDraining = true
        listener.close()
        for connection in Array(connections.values) {
            try? await connection.flush(deadline: deadline)
            connection.close()
        }
        while !connections.isEmpty {
            guard await ended.wait(deadline: deadline) else { return }
        }
    }

    /// A client that is too slow, gone or talks nonsense has nobody who must be told.
    private func serve(_ connection: Connection) async {
        do {
            while !isDraining {
                let idle = MonotonicTime.now() + settings.idleTimeout
                guard try await connection.receive(deadline: idle) else { return }
                guard try await answerAll(on: connection) else { return }
            }
        } catch {
            return
        }
    }

    /// Answers what has arrived whole; false when the client is not to be served any more.
    private func answerAll(on connection: Connection) async throws(TransportError) -> Bool {
        var turn = 0
        while let query = connection.take(Self.frame) {
            guard query.count <= Self.queryBytesMax else { return false }
            guard let reply = answer(query, connection.peer.ip) else { return false }
            connection.send(Self.framed(reply))
            if connection.outboundCount > Self.outboundMax {
                try await connection.flush(deadline: .now() + settings.idleTimeout)
            }
            turn += 1
            if turn % Self.turnMax == 0 { await Reactor.sleep(for: .zero) }
        }
        // What is not whole yet may be the start of a frame that is too long: no need to gather it.
        return Self.announced(connection) <= Self.queryBytesMax
    }

    private static func frame(_ bytes: Span<UInt8>) -> ([UInt8], Int)? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(bytes[0]) << 8 | Int(bytes[1])
        guard bytes.count >= 2 + count else { return nil }
        return ((2..<2 + count).map { bytes[$0] }, 2 + count)
    }

    private static func announced(_ connection: Connection) -> Int {
        connection.inbound.withSpan { bytes in
            bytes.count < 2 ? 0 : Int(bytes[0]) << 8 | Int(bytes[1])
        }
    }

    private static func framed(_ reply: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: reply.count >> 8), UInt8(truncatingIfNeeded: reply.count)]
            + reply
    }
}
