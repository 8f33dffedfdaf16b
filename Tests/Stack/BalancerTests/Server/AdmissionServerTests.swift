// Who is let in, who waits, and who is told to come again; hedges, reloads and PROXY headers.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Balancer

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct AdmissionServerTests {
    @Test func `a client past its rate is told when to come again, another is not`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.admission.clientRate = 1
            settings.admission.clientBurst = 2
        }
        var statuses: [Int] = []
        for _ in 0..<3 {
            statuses.append(try await bench.send("GET", headers: ["Session": "a"]).status)
        }
        #expect(statuses == [200, 200, 429])
        let refusal = try await bench.send("GET", headers: ["Session": "a"])
        #expect(refusal.head.headers["retry-after"] == "1")
        #expect(try await bench.send("GET", headers: ["Session": "b"]).status == 200)
        #expect(try await bench.status()["counters"]?["rateLimited"]?.int == 2)
    }

    @Test func `what exceeds the limit is turned away at once, the least class first`() async throws
    {
        let gate = Promise<Int>()
        let backend = try TestBackend { _ in
            _ = await gate.value()
            return ok()
        }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.admission.sheds = true
            settings.admission.limitMin = 10
            settings.admission.limitMax = 10
        }
        let held = (0..<7).map { _ in Task { @ReactorActor in try await bench.send("GET") } }
        try await until { backend.requests.count == 7 }
        let least = try await bench.send("GET", headers: ["X-Priority": "sheddable"])
        #expect(least.status == 503)
        #expect(least.head.headers["retry-after"] == "1")
        let more = (0..<2).map { _ in Task { @ReactorActor in try await bench.send("GET") } }
        try await until { backend.requests.count == 9 }
        #expect(try await bench.send("GET").status == 503)
        let last = Task { @ReactorActor in
            try await bench.send("GET", headers: ["X-Priority": "critical"])
        }
        try await until { backend.requests.count == 10 }
        #expect(try await bench.send("GET", headers: ["X-Priority": "critical"]).status == 503)
        gate.fulfil(1)
        for call in held + more + [last] { #expect(try await call.value.status == 200) }
        let counters = try await bench.status()["counters"]
        #expect(counters?["shedSheddable"]?.int == 1)
        #expect(counters?["shedNormal"]?.int == 1)
        #expect(counters?["shedCritical"]?.int == 1)
    }

    @Test func `who finds no room waits in a line of bounded length`() async throws {
        let gate = Promise<Int>()
        let backend = try TestBackend { request in
            if request.head.path == "/first" { _ = await gate.value() }
            return ok(request.head.path)
        }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.admission.inFlightMax = 1
            settings.admission.pendingMax = 1
        }
        let first = Task { @ReactorActor in try await bench.send("GET", "/first") }
        try await until { backend.requests.count == 1 }
        let second = Task { @ReactorActor in try await bench.send("GET", "/second") }
        try await until { try await bench.status()["pending"]?.int == 1 }
        let third = try await bench.send("GET", "/third")
        #expect(third.status == 503)
        gate.fulfil(1)
        #expect(try await first.value.status == 200)
        #expect(try await second.value.json == ["by": "/second"])
        #expect(backend.requests.map(\.head.path) == ["/first", "/second"])
    }

    @Test func `whoever waits in vain is told so at the deadline`() async throws {
        let gate = Promise<Int>()
        let backend = try TestBackend { _ in
            _ = await gate.value()
            return ok()
        }
        let bench = try BalancerFixture([backend.address]) { settings in
            settings.admission.inFlightMax = 1
        }
        let first = Task { @ReactorActor in try await bench.send("GET") }
        try await until { backend.requests.count == 1 }
        let second = try await bench.send("GET", headers: ["X-Request-Deadline-Ms": "30"])
        #expect(second.status == 503)
        gate.fulfil(1)
        #expect(try await first.value.status == 200)
        #expect(try await bench.status()["pending"]?.int == 0)
    }

    @Test func `a hedge answers for a backend that is slow`() async throws {
        let never = Promise<Int>()
        let slow = try TestBackend { _ in
            _ = await never.value()
            return ok("slow")
        }
        let quick = try TestBackend { _ in ok("quick") }
        let bench = try BalancerFixture([slow.address, quick.address]) { settings in
            settings.retry.hedgeAfter = .milliseconds(20)
        }
        let response = try await bench.send("GET")
        #expect(response.json == ["by": "quick"])
        let counters = try await bench.status()["counters"]
        #expect(counters?["hedges"]?.int == 1)
        #expect(counters?["hedgesWon"]?.int == 1)
        // A write is not doubled.
        let write = Task { @ReactorActor in try await bench.send("POST") }
        let other = try await bench.send("POST")
        #expect(other.json == ["by": "quick"])
        await Reactor.sleep(for: .milliseconds(60))
        #expect(quick.requests.count == 2)
        never.fulfil(1)
        #expect(try await write.value.json == ["by": "slow"])
    }

    @Test func `a reload moves the traffic and lets what is in hand finish`() async throws {
        let gate = Promise<Int>()
        let old = try TestBackend { _ in
            _ = await gate.value()
            return ok("old")
        }
        let new = try TestBackend { _ in ok("new") }
        let bench = try BalancerFixture([old.address])
        let call = Task { @ReactorActor in try await bench.send("GET") }
        try await until { old.requests.count == 1 }
        bench.balancer.reload([NamedAddress(name: "new", address: new.address)])
        for _ in 0..<3 { #expect(try await bench.send("GET").json == ["by": "new"]) }
        let states = try await bench.status()["backends"]?.array?.map { $0["state"]?.string }
        #expect(states == ["leaving", "up"])
        gate.fulfil(1)
        #expect(try await call.value.json == ["by": "old"])
        bench.balancer.reload([])
        #expect(try await bench.send("GET").json == ["by": "new"], "an empty set is ignored")
    }

    @Test func `a PROXY header says who the client is`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try BalancerFixture([backend.address]) { $0.intake.expectsProxy = true }
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answer = try await talk(
            "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n" + request, to: bench.address)
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(backend.requests.first?.head.headers["x-forwarded-for"] == "192.0.2.7")
        #expect(try await talk(request, to: bench.address) == "", "without one the door is shut")
    }

    @Test(arguments: [ProxyProtocol.v1, .v2])
    func `an IPv6 client keeps its name through two balancers`(
        _ version: ProxyProtocol
    ) async throws {
        let backend = try TestBackend { _ in ok() }
        let inner = try BalancerFixture([backend.address]) { settings in
            settings.intake.expectsProxy = true
        }
        let outer = try BalancerFixture([inner.address]) { settings in
            settings.intake.expectsProxy = true
            settings.intake.sendsProxy = version
        }
        let answer = try await talk(
            "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"
                + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", to: outer.address)
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer.prefix(60))")
        let seen = backend.requests.first?.head.headers["x-forwarded-for"]
        #expect(seen == "2001:db8::7, 2001:db8::7")
    }

    @Test(arguments: [ProxyProtocol.v1, .v2])
    func `a backend is told for whom the connection stands`(_ version: ProxyProtocol) async throws {
        let raw = try RawBackend("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let bench = try BalancerFixture([raw.address]) { $0.intake.sendsProxy = version }
        #expect(try await bench.send("GET").status == 200)
        let heard = try #require(raw.heard.last { $0.contains("X-Request-Id") })
        #expect(
            heard.hasPrefix(
                version == .v1 ? "PROXY TCP4 127.0.0.1 127.0.0.1 " : "\r\n\r\n\0\r\nQUIT\n"))
        #expect(heard.contains("GET /x HTTP/1.1\r\n"))
    }
}
