// Content of requests on its way to the origin, which sees it before the client has sent all of it.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct UploadTests {
        private static let size = 300_000

        /// An edge before an origin that counts, and a client that has sent the head and a third.
        private func begun(
            isChunked: Bool, answersEarly: Bool = false, limit: Int = 1 << 30
        ) async throws -> (EdgeFixture, CountingOrigin, Connection) {
            let origin = try CountingOrigin(answersEarly: answersEarly)
            let address = NamedAddress(name: "origin", address: origin.address)
            let fixture = try EdgeFixture(behind: [address]) { $0.requestBytesMax = limit }
            let client = try await Connection.connect(
                to: fixture.address, deadline: .now() + .seconds(10))
            var head = HTTPRequestHead(method: "POST", target: "/up", host: "www.example.com")
            head.body = isChunked ? .chunked : .count(Self.size)
            var bytes: [UInt8] = []
            head.encode(into: &bytes)
            client.send(bytes)
            send(Self.size / 3, on: client, isChunked)
            return (fixture, origin, client)
        }

        private func send(_ count: Int, on client: Connection, _ isChunked: Bool) {
            let piece = [UInt8](repeating: 0x78, count: count)
            guard isChunked else { return client.send(piece) }
            var bytes: [UInt8] = []
            bytes.appendHTTP(chunk: piece.span)
            client.send(bytes)
        }

        private func status(of client: Connection) async throws -> Int? {
            while true {
                let head = try client.take { (bytes) throws(HTTPError) in
                    try HTTPResponseHead.parse(bytes, answering: "POST")
                }
                if let head { return head.status }
                guard try await client.receive(deadline: .now() + .seconds(10)) else { return nil }
            }
        }

        @Test(arguments: [true, false])
        func `the origin sees the beginning before the client has sent the end`(
            _ isChunked: Bool
        ) async throws {
            let (fixture, origin, client) = try await begun(isChunked: isChunked)
            defer { fixture.stop() }
            let isUnderway = await eventually { origin.count >= Self.size / 3 }
            #expect(isUnderway)
            #expect(!origin.isWhole)
            send(Self.size / 3 * 2, on: client, isChunked)
            if isChunked {
                var last: [UInt8] = []
                last.appendHTTPLastChunk()
                client.send(last)
            }
            #expect(try await status(of: client) == 200)
            #expect(origin.isWhole)
            #expect(origin.count == Self.size)
            client.close()
            origin.stop()
        }

        @Test func `the origin sees that the client broke off`() async throws {
            let (fixture, origin, client) = try await begun(isChunked: false)
            defer { fixture.stop() }
            let isUnderway = await eventually { origin.count >= Self.size / 3 }
            #expect(isUnderway)
            client.close()
            let isOver = await eventually { origin.hasEnded }
            #expect(isOver)
            #expect(!origin.isWhole)
            origin.stop()
        }

        @Test func `an answer that does not wait for the end reaches the client`() async throws {
            let (fixture, origin, client) = try await begun(isChunked: false, answersEarly: true)
            defer { fixture.stop() }
            #expect(try await status(of: client) == 200)
            client.inbound.consume(client.inbound.count)
            let goesOn = (try? await client.receive(deadline: .now() + .seconds(10))) == true
            #expect(!goesOn)
            client.close()
            origin.stop()
        }

        @Test(arguments: [true, false])
        func `content above the limit is refused`(_ isChunked: Bool) async throws {
            let (fixture, origin, client) = try await begun(isChunked: isChunked, limit: 80_000)
            defer { fixture.stop() }
            #expect(try await status(of: client) == 413)
            #expect(!origin.isWhole)
            client.close()
            origin.stop()
        }
    }
}

/// Counts the content of one request as it comes, and answers at its end or before it.
@ReactorActor
private final class CountingOrigin {
    private let listener: Listener
    private(set) var count = 0
    private(set) var isWhole = false
    private(set) var hasEnded = false

    var address: SocketAddress { listener.address }

    init(answersEarly: Bool) throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor [self] in
            while let connection = await listener.acceptNext() {
                Task { @ReactorActor [self] in
                    try? await serve(connection, answersEarly)
                    hasEnded = true
                    connection.close()
                }
            }
        }
    }

    func stop() { listener.close() }

    private func serve(_ connection: Connection, _ answersEarly: Bool) async throws {
        let deadline = MonotonicTime.now() + .seconds(10)
        guard
            let head = try await connection.requestHead(limits: .standard, deadline: deadline)
        else { return }
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
        if answersEarly { connection.send(answer) }
        var decoder = HTTPBodyDecoder(head.body)
        while !decoder.isDone {
            var content: [UInt8] = []
            let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
                try decoder.consume(bytes, into: &content).consumed
            }
            connection.inbound.consume(consumed)
            count += content.count
            if decoder.isDone { break }
            guard try await connection.receive(deadline: deadline) else { return }
        }
        isWhole = true
        connection.send(answer)
        try await connection.flush(deadline: deadline)
    }
}
