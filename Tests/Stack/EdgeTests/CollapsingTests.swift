// Many requests for one thing, and content that is read while it comes.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct CollapsingTests {
        /// Sends some requests at once, lets the origin answer once they are all under way.
        private func crowd(
            _ fixture: EdgeFixture, _ lines: [[String]],
            answer: @escaping (HTTPRequest) -> HTTPResponse,
            expecting first: Int = 1
        ) async throws -> [HTTPResponse] {
            let gate = Promise<Int>()
            fixture.origin.answer = { request in
                _ = await gate.value()
                return answer(request)
            }
            let requests = lines.map { lines in
                Task { @ReactorActor in try await fixture.send("GET", "/a", lines) }
            }
            let arrived = await eventually {
                fixture.origin.requests.count >= first
                    && fixture.edge.connectionCount == lines.count
            }
            #expect(arrived)
            gate.fulfil(1)
            var answers: [HTTPResponse] = []
            for request in requests { answers.append(try await request.value) }
            return answers
        }

        @Test func `a crowd costs the origin one request`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let answers = try await crowd(
                fixture, Array(repeating: [], count: 20),
                answer: { [unowned fixture] _ in fixture.response(["Cache-Control: max-age=60"]) })
            #expect(answers.allSatisfy { $0.text == "content" })
            #expect(fixture.origin.requests.count == 1)
            let collapsed = answers.count { $0.field("cache-status").contains("collapsed") }
            #expect(collapsed == 19)
        }

        @Test func `a crowd for a stale answer is one validation`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10", "ETag: \"a\""])
            try await fixture.send()
            fixture.client.close()
            fixture.clock.pass(11)
            let answers = try await crowd(
                fixture, Array(repeating: [], count: 20),
                answer: { [unowned fixture] _ in
                    fixture.response(["Cache-Control: max-age=10", "ETag: \"a\""], status: 304)
                }, expecting: 2)
            #expect(answers.allSatisfy { $0.status == 200 && $0.text == "content" })
            #expect(fixture.origin.requests.count == 2)
        }

        @Test func `what is private is fetched by each, all at once`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let lines = (0..<8).map { ["Cookie: user=\($0)"] }
            let answers = try await crowd(
                fixture, lines,
                answer: { [unowned fixture] request in
                    fixture.response(
                        ["Cache-Control: private"], body: request.head.headers["cookie"] ?? "")
                })
            #expect(answers.map(\.text) == (0..<8).map { "user=\($0)" })
            // The marker: the next crowd does not wait for a first one.
            let again = try await crowd(
                fixture, lines,
                answer: { [unowned fixture] _ in fixture.response(["Cache-Control: private"]) },
                expecting: 16)
            #expect(again.count == 8)
        }

        @Test func `who waits for another variant fetches its own`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let answers = try await crowd(
                fixture, [["Foo: 1"], ["Foo: 2"], ["Foo: 1"]],
                answer: { [unowned fixture] request in
                    fixture.response(
                        ["Cache-Control: max-age=60", "Vary: Foo"],
                        body: request.head.headers["foo"] ?? "")
                })
            #expect(answers.map(\.text) == ["1", "2", "1"])
        }

        @Test func `a crowd before a dead origin is told so`() async throws {
            let fixture = try EdgeFixture { $0.connectTimeout = .milliseconds(100) }
            defer { fixture.stop() }
            fixture.origin.stop()
            let tasks = (0..<8).map { _ in
                Task { @ReactorActor in try await fixture.send() }
            }
            for task in tasks {
                let answer = try await task.value
                #expect(answer.status == 502)
            }
        }

        @Test func `clients get bytes while they come, also who joins late`() async throws {
            let source = try TricklingOrigin(pieces: ["one ", "two ", "three"])
            defer { source.stop() }
            let fixture = try EdgeFixture(behind: [
                NamedAddress(name: "origin", address: source.address)
            ])
            defer { fixture.stop() }
            let early = try await RawClient(fixture.address, "/a")
            let gotFirst = await early.receive(until: "one ")
            #expect(gotFirst)
            let late = try await RawClient(fixture.address, "/a")
            let caughtUp = await late.receive(until: "one ")
            #expect(caughtUp)
            source.release()
            let first = await early.receive(until: "three")
            let second = await late.receive(until: "three")
            #expect(first && second)
            #expect(source.requests == 1)
            early.close()
            late.close()
            let stored = try await fixture.send()
            #expect(stored.text == "one two three")
            #expect(source.requests == 1)
        }

        @Test func `an answer that breaks off is neither whole nor stored`() async throws {
            let source = try TricklingOrigin(pieces: ["one ", "two"], breaksOff: true)
            defer { source.stop() }
            let fixture = try EdgeFixture(behind: [
                NamedAddress(name: "origin", address: source.address)
            ])
            defer { fixture.stop() }
            source.release()
            for count in 1...2 {
                let client = try await RawClient(fixture.address, "/a")
                let isClosed = await client.receive(until: "no such text")
                #expect(!isClosed)
                #expect(!client.text.hasSuffix("0\r\n\r\n"))
                #expect(source.requests == count)
            }
        }

        @Test func `content beyond the limit passes through and is not stored`() async throws {
            let fixture = try EdgeFixture { $0.objectBytesMax = 1000 }
            defer { fixture.stop() }
            let body = String(repeating: "x", count: 1001)
            fixture.serve(["Cache-Control: max-age=60"], body: body)
            for count in 1...2 {
                let answer = try await fixture.send()
                #expect(answer.text == body)
                #expect(fixture.origin.requests.count == count)
            }
            fixture.serve(["Cache-Control: max-age=60"], body: String(body.dropLast()))
            try await fixture.send()
            try await fixture.send()
            #expect(fixture.origin.requests.count == 3)
        }
    }
}

/// An origin that sends its first piece of a chunked answer, and the rest once told to.
@ReactorActor
final class TricklingOrigin {
    private let listener: Listener
    private let gate = Promise<Int>()
    private(set) var requests = 0
    var address: SocketAddress { listener.address }

    init(
        pieces: [String], fields: [String] = [], tag: [UInt8] = [],
        breaksOff: Bool = false
    ) throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor [self] in
            while let connection = await listener.acceptNext() {
                Task { @ReactorActor in
                    let lines = fields.flatMap { Array("\($0)\r\n".utf8) }
                    let tagLine = tag.isEmpty ? [] : tag + [0x0D, 0x0A]
                    await serve(connection, pieces, lines + tagLine, breaksOff)
                }
            }
        }
    }

    func release() { gate.fulfil(1) }
    func stop() { listener.close() }

    private func serve(
        _ connection: Connection, _ pieces: [String], _ lines: [UInt8], _ breaksOff: Bool
    ) async {
        defer { connection.close() }
        while (try? await connection.receive()) == true {
            connection.inbound.consume(connection.inbound.count)
            requests += 1
            connection.send(
                Array("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n".utf8)
                    + lines
                    + Array("Transfer-Encoding: chunked\r\n\r\n".utf8))
            for (index, piece) in pieces.enumerated() {
                if index > 0 { _ = await gate.value() }
                var bytes: [UInt8] = []
                bytes.appendHTTP(chunk: piece.utf8.span)
                connection.send(bytes)
            }
            if breaksOff { return }
            connection.send(Array("0\r\n\r\n".utf8))
        }
    }
}

/// A client that sees the bytes as they come.
@ReactorActor
final class RawClient {
    private let connection: Connection
    private(set) var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    init(_ address: SocketAddress, _ target: String, _ field: [UInt8] = []) async throws {
        connection = try await Connection.connect(to: address, deadline: .now() + .seconds(10))
        let line = field.isEmpty ? [] : field + [0x0D, 0x0A]
        connection.send(
            Array("GET \(target) HTTP/1.1\r\nHost: www.example.com\r\n".utf8) + line
                + [0x0D, 0x0A])
    }

    /// False when the connection ended, or ten seconds passed, without it.
    func receive(until part: String) async -> Bool {
        let deadline = MonotonicTime.now() + .seconds(10)
        while !text.contains(part) {
            guard (try? await connection.receive(deadline: deadline)) == true else { return false }
            bytes += connection.inbound.bytes
            connection.inbound.consume(connection.inbound.count)
        }
        return true
    }

    func close() { connection.close() }
}
