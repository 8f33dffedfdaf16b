// What is tried again, where, and what never is.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct RetryTests {
    @Test(arguments: ["GET", "POST"])
    func `whatever was not sent goes to another backend`(_ method: String) async throws {
        let second = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([TestBackend.absent(), second.address])
        #expect(try await bench.send(method).status == 200)
        #expect(second.requests.map(\.head.method) == [method])
        #expect(try await bench.status()["retries"]?.int == 1)
    }

    @Test(arguments: [502, 503, 504])
    func `an idempotent request goes to another backend after a refusal`(
        _ status: Int
    ) async throws {
        let first = try TestBackend { _ in HTTPResponse(status, error: "not here") }
        let second = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([first.address, second.address])
        #expect(try await bench.send("GET").status == 200)
        #expect(first.requests.count == 1)
        #expect(second.requests.count == 1)
    }

    @Test func `other failures of the application are passed on`() async throws {
        let first = try TestBackend { _ in HTTPResponse(500, error: "a bug") }
        let second = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([first.address, second.address])
        #expect(try await bench.send("GET").status == 500)
        #expect(second.requests.isEmpty)
    }

    @Test func `a refused write without a key is passed on`() async throws {
        let first = try TestBackend { _ in HTTPResponse(503, error: "not here") }
        let second = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([first.address, second.address])
        let response = try await bench.send("POST")
        #expect(response.status == 503)
        #expect(response.json == ["error": "not here"])
        #expect(second.requests.isEmpty)
    }

    @Test func `a write that was sent and not answered goes again only with a key`() async throws {
        let first = try HangUp()
        let second = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([first.address, second.address])
        #expect(try await bench.send("POST").status == 502)
        #expect(second.requests.isEmpty)
        #expect(first.requestCount == 1)

        #expect(try await bench.send("GET").status == 200)  // the other's turn
        let keyed = try await bench.send("POST", headers: ["Idempotency-Key": "k1"])
        #expect(keyed.status == 200)
        #expect(first.requestCount == 2)
        #expect(second.requests.last?.head.headers["idempotency-key"] == "k1")
    }

    @Test func `all that a backend had in hand when it died is answered by another`() async throws {
        let first = try Mortal()
        let second = try TestBackend { _ in ok("second") }
        let bench = try BalancerFixture([first.address, second.address])
        // More in hand than any share of retries in flight.
        let count = 2 * (RetrySettings().budgetMinimum + 28)
        let calls = (0..<count).map { _ in Task { @ReactorActor in try await bench.send("GET") } }
        try await until { first.requestCount == count / 2 }
        first.die()
        for call in calls { #expect(try await call.value.json == ["by": "second"]) }
        #expect(second.requests.count == count)
    }

    @Test func `there is one retry and no more`() async throws {
        let backends = try (0..<3).map { _ in
            try TestBackend { _ in HTTPResponse(503, error: "not here") }
        }
        let bench = try BalancerFixture(backends.map(\.address))
        #expect(try await bench.send("GET").status == 503)
        #expect(backends.map(\.requests.count) == [1, 1, 0])
    }

    @Test func `the failure of the only backend is passed on as it is`() async throws {
        let only = try TestBackend { _ in HTTPResponse(503, error: "too busy") }
        let refused = try await BalancerFixture([only.address]).send("GET")
        #expect(refused.json == ["error": "too busy"])
        #expect(only.requests.count == 1)
        #expect(try await BalancerFixture([TestBackend.absent()]).send("GET").status == 502)
    }

    @Test func `a write that may be done is never called refused`() async throws {
        let first = try HangUp()
        let second = try TestBackend { _ in HTTPResponse(503, error: "certainly not done") }
        let bench = try BalancerFixture([first.address, second.address])
        let response = try await bench.send("POST", headers: ["Idempotency-Key": "k1"])
        #expect(response.status == 504)
        #expect(second.requests.count == 1)
    }

    @Test func `a read has no effect that could be in doubt`() async throws {
        let first = try HangUp()
        let second = try TestBackend { _ in HTTPResponse(503, error: "not here") }
        let bench = try BalancerFixture([first.address, second.address])
        #expect(try await bench.send("GET").status == 503)
        #expect(first.requestCount == 1)
    }

    @Test func `the deadline covers all tries together`() async throws {
        let never = Promise<Int>()
        let backends = try (0..<2).map { _ in
            try TestBackend { _ in
                _ = await never.value()
                return ok()
            }
        }
        let bench = try BalancerFixture(backends.map(\.address)) { settings in
            settings.tryTimeout = .milliseconds(600)
            settings.requestTimeout = .seconds(1)
        }
        let start = MonotonicTime.now()
        let response = try await bench.send("GET")
        let length = MonotonicTime.now() - start
        #expect(response.status == 504)
        #expect(length >= .seconds(1))
        #expect(length < .seconds(10))
        #expect(backends.map(\.requests.count) == [1, 1])
        never.fulfil(1)
    }

    @Test func `when all backends fail, retries end with the budget`() async throws {
        let backends = try (0..<2).map { _ in
            try TestBackend { _ in HTTPResponse(503, error: "down") }
        }
        let bench = try BalancerFixture(backends.map(\.address))
        for _ in 0..<200 { #expect(try await bench.send("GET").status == 503) }
        let status = try await bench.status()
        #expect(status["retries"]?.int == 100 + 200 / 5)
        #expect(status["retriesAvailable"]?.int == 0)
    }
}

/// A server that takes a request and hangs up without an answer.
@ReactorActor
final class HangUp {
    private let listener: Listener
    private(set) var requestCount = 0

    var address: SocketAddress { listener.address }

    init() throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor in
            while let connection = await listener.acceptNext() {
                if (try? await connection.receive(deadline: soon())) == true {
                    let text = String(decoding: connection.inbound.bytes, as: UTF8.self)
                    if !text.contains("/health/ready") { requestCount += 1 }
                }
                connection.close()
            }
        }
    }
}

/// A server that takes requests and answers none, until it dies with all of them.
@ReactorActor
final class Mortal {
    private let listener: Listener
    private var connections: [Connection] = []
    private(set) var requestCount = 0

    var address: SocketAddress { listener.address }

    init() throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor in
            while let connection = await listener.acceptNext() {
                connections.append(connection)
                Task { @ReactorActor in
                    while (try? await connection.receive(deadline: soon())) == true {
                        let text = String(decoding: connection.inbound.bytes, as: UTF8.self)
                        connection.inbound.consume(connection.inbound.count)
                        if !text.contains("/health/ready") { requestCount += 1 }
                    }
                }
            }
        }
    }

    func die() {
        listener.close()
        for connection in connections { connection.close() }
    }
}
