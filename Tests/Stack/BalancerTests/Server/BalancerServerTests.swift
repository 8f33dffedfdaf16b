// The balancer as its clients and backends see it: connections, fields, health, draining.

import Balancer
import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct BalancerServerTests {
    @Test func `connections are kept on both sides`() async throws {
        let backend = try TestBackend { request in ok(request.head.target) }
        let bench = try BalancerFixture([backend.address])
        for number in 0..<100 {
            let response = try await bench.send("GET", "/\(number)?q=1")
            #expect(response.json == ["by": .string("/\(number)?q=1")])
            #expect(response.head.keepAlive)
        }
        #expect(bench.client.connectionCount == 1)
        // One for the requests, one for the checks.
        #expect(backend.server.connectionCount <= 2)
    }

    @Test func `content goes through both ways`() async throws {
        let backend = try TestBackend { request in
            HTTPResponse(head: .init(status: 201), content: request.content.reversed())
        }
        let bench = try BalancerFixture([backend.address])
        var request = HTTPRequest("POST", "/", host: "x")
        request.content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let response = try await bench.client.send(request, deadline: soon())
        #expect(response.status == 201)
        #expect(response.content == request.content.reversed())
    }

    @Test func `an answer to HEAD keeps the length that GET would have`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address])
        let head = try await bench.send("HEAD")
        let get = try await bench.send("GET")
        #expect(head.content.isEmpty)
        #expect(head.head.headers["content-length"] == String(get.content.count))
        #expect(!get.content.isEmpty)
    }

    @Test func `what concerns one connection is not passed on`() async throws {
        let backend = try TestBackend { _ in
            HTTPResponse(200, headers: ["Keep-Alive": "timeout=5", "X-Kept": "1"], json: .null)
        }
        let bench = try BalancerFixture([backend.address])
        let text = try await exchange(
            """
            GET /x HTTP/1.1\r
            Host: shop\r
            Connection: close, X-Secret\r
            X-Secret: 1\r
            TE: trailers\r
            Keep-Alive: timeout=9\r
            X-Public: 2\r
            \r

            """, at: bench.address)
        let seen = try #require(backend.requests.first).head.headers
        for name in ["x-secret", "te", "keep-alive", "connection"] { #expect(seen[name] == nil) }
        #expect(seen["x-public"] == "2")
        #expect(seen["host"] == "shop")
        #expect(text.contains("X-Kept: 1\r\n"))
        #expect(!text.contains("Keep-Alive"))
        #expect(text.contains("Connection: close\r\n"))
    }

    @Test func `a GET with empty chunked content ends for the backend too`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address])
        let text = try await exchange(
            """
            GET /x HTTP/1.1\r
            Host: shop\r
            Connection: close\r
            Transfer-Encoding: chunked\r
            \r
            0\r
            \r

            """, at: bench.address)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `checks take a backend out and bring it back`() async throws {
        let isSick = Flag()
        let first = try TestBackend(answersChecks: false) { request in
            guard request.head.path == "/health/ready" else { return ok("first") }
            return isSick.value ? HTTPResponse(503, error: "sick") : ok()
        }
        let second = try TestBackend { _ in ok("second") }
        let bench = try BalancerFixture([first.address, second.address]) { settings in
            settings.checkInterval = .milliseconds(2)
        }
        isSick.value = true
        try await until { try await bench.rotation() == [false, true] }
        for _ in 0..<5 {
            #expect(try await bench.send("GET").json == ["by": "second"])
        }
        isSick.value = false
        try await until { try await bench.rotation() == [true, true] }
        try await until { try await bench.send("GET").json == ["by": "first"] }
    }

    @Test func `a busy backend is still checked`() async throws {
        let never = Promise<Int>()
        let checks = Flag()
        let backend = try TestBackend(answersChecks: false) { request in
            if request.head.path == "/health/ready" {
                checks.count += 1
            } else {
                _ = await never.value()
            }
            return ok()
        }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.checkInterval = .milliseconds(2)
        }
        let stuck = (0..<50).map { _ in Task { @ReactorActor in try await bench.send("GET") } }
        try await until { backend.requests.count { $0.head.path == "/x" } == 50 }
        let before = checks.count
        try await until { checks.count > before + 3 }
        #expect(try await bench.rotation() == [true])
        never.fulfil(1)
        for call in stuck { #expect(try await call.value.status == 200) }
    }

    @Test func `when every backend is out, requests still go through`() async throws {
        let sick: TestBackend.Answer = { request in
            request.head.path == "/health/ready" ? HTTPResponse(503, error: "sick") : ok()
        }
        let first = try TestBackend(answersChecks: false, sick)
        let second = try TestBackend(answersChecks: false, sick)
        let bench = try BalancerFixture([first.address, second.address]) { settings in
            settings.checkInterval = .milliseconds(2)
        }
        try await until { try await bench.rotation() == [false, false] }
        #expect(try await bench.send("GET").status == 200)
    }

    @Test func `draining finishes what is in work and takes nothing more`() async throws {
        let gate = Promise<Int>()
        let backend = try TestBackend { _ in
            _ = await gate.value()
            return ok()
        }
        let bench = try BalancerFixture([backend.address])
        let call = Task { @ReactorActor in try await bench.send("GET") }
        try await until { backend.requests.count == 1 }
        let drain = Task { @ReactorActor in await bench.balancer.drain() }
        let late = patientClient(bench.address)
        try await until {
            do {
                _ = try await late.send(
                    HTTPRequest("GET", "/-/status", host: "x"), deadline: soon())
                return false
            } catch ClientError.unreachable {
                return true
            } catch ClientError.unanswered {
                return false
            }
        }
        gate.fulfil(1)
        let response = try await call.value
        #expect(response.status == 200)
        #expect(!response.head.keepAlive)
        await drain.value
    }

    @Test func `the status names each backend and what it did`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address, TestBackend.absent()])
        for _ in 0..<2 { _ = try await bench.send("GET") }
        let status = try await bench.status()
        #expect(status["draining"]?.bool == false)
        #expect(status["retries"]?.int == 1)
        let first = try #require(status["backends"]?[0])
        #expect(first["name"]?.string == "app-1")
        #expect(first["requests"]?.int == 2)
        #expect(first["failures"]?.int == 0)
        #expect(first["inFlight"]?.int == 0)
        let second = try #require(status["backends"]?[1])
        #expect(second["requests"]?.int == 1)
        #expect(second["failures"]?.int == 1)
        #expect(try await bench.send("GET", "/-/ready").status == 200)
    }

    private func exchange(_ text: String, at address: SocketAddress) async throws -> String {
        let connection = try await Connection.connect(to: address, deadline: soon())
        connection.send(Array(text.utf8))
        while try await connection.receive(deadline: soon()) {}
        return String(decoding: connection.inbound.bytes, as: UTF8.self)
    }
}

@ReactorActor
private final class Flag {
    var value = false
    var count = 0
}

extension BalancerFixture {
    /// Who is in rotation, by the balancer's own word.
    func rotation() async throws -> [Bool?] {
        let backends = try await status()["backends"]?.array ?? []
        return backends.map { $0["inRotation"]?.bool }
    }
}
