// The way of the bytes: order, framing, limits, fields, and what a client of ill will gets.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Balancer

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct RelayTests {
    @Test func `pipelined requests are answered in their order`() async throws {
        let backend = try TestBackend { request in
            // The later ones would overtake the first, if they could.
            if request.head.path == "/0" { await Reactor.sleep(for: .milliseconds(20)) }
            return ok(request.head.path)
        }
        let bench = try BalancerFixture([backend.address])
        let text = (0..<20).map { number in
            "GET /\(number) HTTP/1.1\r\nHost: x\r\n"
                + (number == 19 ? "Connection: close\r\n\r\n" : "\r\n")
        }
        let answers = try await talk(text.joined(), to: bench.address)
        let order = answers.split(separator: "{\"by\":\"/").dropFirst().map {
            Int(String($0.prefix { $0 != "\"" }))
        }
        #expect(order == (0..<20).map { $0 })
    }

    @Test(arguments: [
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            400
        ),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: 1\nB: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFF\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 2000))\r\n\r\n", 431),
        ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501),
    ])
    func `what could be read in two ways, or is too large, is refused`(
        _ text: String, _ status: Int
    ) async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.intake.headBytesMax = 1024
            settings.intake.bodyBytesMax = 1024
        }
        let answer = try await talk(text, to: bench.address)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(60))")
        #expect(answer.contains("Connection: close\r\n"))
        #expect(backend.requests.isEmpty)
    }

    @Test func `a head that does not come to its end is given up`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.intake.headerTimeout = .milliseconds(50)
        }
        let slow = try await Connection.connect(to: bench.address, deadline: soon())
        let feeding = Task { @ReactorActor in
            // Bytes keep coming, which must not prolong it.
            for byte in Array("GET /x HTTP/1.1\r\nHost: x\r\nA: ".utf8)
                + Array(repeating: 0x61, count: 5000)
            {
                if !slow.isOpen || slow.peerIsDone { break }
                slow.send([byte])
                await Reactor.sleep(for: .milliseconds(2))
            }
        }
        while try await slow.receive(deadline: soon()) {}
        #expect(String(decoding: slow.inbound.bytes, as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
        slow.close()
        await feeding.value
        #expect(try await bench.status()["counters"]?["slowHeads"]?.int == 1)
    }

    @Test func `the backend learns for whom and until when`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.requestTimeout = .seconds(5)
            settings.tryTimeout = .seconds(5)
        }
        let plain = try await bench.send("GET")
        let asked = try await bench.send(
            "GET",
            headers: [
                "X-Request-Deadline-Ms": "700", "X-Request-Id": "abc",
                "X-Forwarded-For": "192.0.2.1", "Via": "1.1 edge",
            ])
        let late = try await bench.send("GET", headers: ["X-Request-Deadline-Ms": "90000"])
        let seen = backend.requests.map(\.head.headers)
        try #require(seen.count == 3)
        let left = seen.map { $0["x-request-deadline-ms"].flatMap { Int($0) } ?? -1 }
        #expect((4000...5000).contains(left[0]))
        #expect((1...700).contains(left[1]))
        #expect((4000...5000).contains(left[2]))
        #expect(seen[0]["x-forwarded-for"] == "127.0.0.1")
        #expect(seen[1]["x-forwarded-for"] == "192.0.2.1, 127.0.0.1")
        #expect(seen[1].values(of: "via") == ["1.1 edge", "1.1 balancer"])
        #expect(seen[1]["x-request-id"] == "abc")
        #expect(asked.head.headers["x-request-id"] == "abc")
        let made = try #require(seen[0]["x-request-id"])
        #expect(made.utf8.count == 16)
        #expect(plain.head.headers["x-request-id"] == made)
        #expect(plain.head.headers["via"] == "1.1 balancer")
        #expect(late.head.headers["x-request-id"] != made)
    }

    @Test func `a client's deadline that has passed is kept`() async throws {
        let never = Promise<Int>()
        let backend = try TestBackend { _ in
            _ = await never.value()
            return ok()
        }
        let bench = try BalancerFixture([backend.address])
        let started = MonotonicTime.now()
        let response = try await bench.send("GET", headers: ["X-Request-Deadline-Ms": "40"])
        #expect(response.status == 504)
        #expect(MonotonicTime.now() - started < .seconds(5))
        never.fulfil(1)
    }

    @Test(arguments: [10, 100_000, 3_000_000])
    func `content in chunks goes both ways unchanged`(_ count: Int) async throws {
        let backend = try TestBackend { request in
            HTTPResponse(head: .init(status: 200), content: request.content)
        }
        let bench = try BalancerFixture([backend.address])
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        var bytes = Array("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        var start = 0
        while start < count {
            let end = min(count, start + 70_000)
            bytes.appendHTTP(chunk: content.span.extracting(start..<end))
            start = end
        }
        bytes.appendHTTPLastChunk()
        let connection = try await Connection.connect(to: bench.address, deadline: soon())
        connection.send(bytes)
        var answer: [UInt8] = []
        while answer.count < count, try await connection.receive(deadline: soon()) {
            answer = connection.inbound.bytes
        }
        let received = Array(answer.suffix(count))
        #expect(received == content)
        connection.close()
        #expect(backend.requests.first?.content == content)
    }

    @Test func `a client of HTTP 1.0 gets no chunks, and the connection ends the content`()
        async throws
    {
        let raw = try RawBackend(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        let bench = try BalancerFixture([raw.address])
        let old = try await talk(
            "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", to: bench.address)
        #expect(old.hasSuffix("\r\n\r\nabcde"))
        #expect(!old.contains("chunked"))
        let new = try await bench.send("GET")
        #expect(new.content == Array("abcde".utf8))
    }

    @Test func `an answer that its end of connection ends is passed on in chunks`() async throws {
        let raw = try RawBackend("HTTP/1.1 200 OK\r\n\r\nall of it", closes: true)
        let bench = try BalancerFixture([raw.address])
        let response = try await bench.send("GET")
        #expect(response.content == Array("all of it".utf8))
        #expect(response.head.keepAlive)
    }

    @Test func `an answer that breaks off is not made whole`() async throws {
        let raw = try RawBackend(
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", closes: true)
        let bench = try BalancerFixture([raw.address])
        await #expect(throws: ClientError.self) { try await bench.send("GET") }
    }

    @Test func `interim answers end nothing`() async throws {
        let raw = try RawBackend(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let bench = try BalancerFixture([raw.address])
        #expect(try await bench.send("GET").content == Array("ok".utf8))
    }

    @Test func `who waits for a 100 before sending gets it`() async throws {
        let backend = try TestBackend { request in
            HTTPResponse(head: .init(status: 200), content: request.content)
        }
        let bench = try BalancerFixture([backend.address])
        let connection = try await Connection.connect(to: bench.address, deadline: soon())
        connection.send(
            Array(
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
                    .utf8))
        #expect(try await connection.receive(deadline: soon()))
        #expect(
            String(decoding: connection.inbound.bytes, as: UTF8.self).hasPrefix("HTTP/1.1 100 "))
        connection.send(Array("abc".utf8))
        try await until {
            _ = try await connection.receive(deadline: soon())
            return String(decoding: connection.inbound.bytes, as: UTF8.self).hasSuffix("abc")
        }
        #expect(backend.requests.first?.head.headers["expect"] == nil)
        connection.close()
    }
}

/// Sends a text and reads until the other side closes.
@ReactorActor
func talk(_ text: String, to address: SocketAddress) async throws -> String {
    let connection = try await Connection.connect(to: address, deadline: soon())
    connection.send(Array(text.utf8))
    while try await connection.receive(deadline: soon()) {}
    defer { connection.close() }
    return String(decoding: connection.inbound.bytes, as: UTF8.self)
}

/// A backend that says the same bytes to every request, checks too.
@ReactorActor
final class RawBackend {
    private let listener: Listener
    /// The first bytes of each connection.
    private(set) var heard: [String] = []

    var address: SocketAddress { listener.address }

    init(_ answer: String, closes: Bool = false) throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor in
            while let connection = await listener.acceptNext() {
                Task { @ReactorActor in
                    while (try? await connection.receive(deadline: soon())) == true {
                        heard.append(String(decoding: connection.inbound.bytes, as: UTF8.self))
                        connection.inbound.consume(connection.inbound.count)
                        connection.send(Array(answer.utf8))
                        if closes { break }
                    }
                    connection.close()
                }
            }
        }
    }
}
