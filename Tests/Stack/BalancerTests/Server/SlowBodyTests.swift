// Clients that hold a connection by sending, or taking, next to nothing; and those that are only slow.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Balancer

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct SlowBodyTests {
    @Test func `content that comes too slowly is given up`() async throws {
        let backend = try TestBackend { _ in ok() }
        let bench = try fixture(backend.address)
        let client = try await Connection.connect(to: bench.address, deadline: soon())
        client.send(head(length: 5000))
        let feeding = feed(client, [UInt8](repeating: 0x61, count: 5000), pieces: 1)
        while try await client.receive(deadline: soon()) {}
        let answer = String(decoding: client.inbound.bytes, as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer.prefix(60))")
        #expect(answer.contains("Connection: close\r\n"))
        client.close()
        await feeding.value
        #expect(backend.requests.isEmpty)
        #expect(try await bench.status()["counters"]?["slowBodies"]?.int == 1)
        #expect(try await bench.status()["inHand"]?.int == 0)
    }

    @Test func `content above the least rate is taken to its end, however long that takes`()
        async throws
    {
        let backend = try TestBackend { request in ok("\(request.content.count)") }
        let bench = try fixture(backend.address) { settings in
            settings.intake.bodyRateMin = 1
        }
        let client = try await Connection.connect(to: bench.address, deadline: soon())
        client.send(head(length: 5000))
        let content = [UInt8](repeating: 0x61, count: 5000)
        let feeding = feed(client, content, pieces: 50)
        try await until {
            _ = try await client.receive(deadline: soon())
            let text = String(decoding: client.inbound.bytes, as: UTF8.self)
            return text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("{\"by\":\"5000\"}")
        }
        client.close()
        await feeding.value
        #expect(try await bench.status()["counters"]?["slowBodies"]?.int == 0)
    }

    @Test func `a client that does not take its answer is let go`() async throws {
        let content = [UInt8](repeating: 0x62, count: 12_000_000)
        let backend = try TestBackend { _ in
            HTTPResponse(head: .init(status: 200), content: content)
        }
        let bench = try fixture(backend.address)
        let client = try await Connection.connect(to: bench.address, deadline: soon())
        client.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        try await until { try await bench.status()["counters"]?["slowBodies"]?.int == 1 }
        #expect(try await bench.status()["inHand"]?.int == 0)
        var isBroken = false
        do {
            while try await client.receive(deadline: soon()) {}
        } catch {
            isBroken = true
        }
        #expect(isBroken || client.inbound.count < content.count)
        client.close()
    }

    /// Looks often, so that a test need not wait for seconds.
    private func fixture(
        _ backend: SocketAddress, change: (inout BalancerSettings) -> Void = { _ in }
    ) throws -> BalancerFixture {
        let bench = try BalancerFixture([backend]) { settings in
            settings.requestTimeout = .milliseconds(100)
            settings.tryTimeout = .milliseconds(100)
            settings.intake.bodyRateMin = 100_000
            change(&settings)
        }
        bench.balancer.bodyLook = BodyPace.Look(
            every: .milliseconds(10), stretchMin: .milliseconds(50))
        return bench
    }

    private func head(length: Int) -> [UInt8] {
        Array("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n".utf8)
    }

    /// Sends piece by piece, a few milliseconds apart, for as long as anyone listens.
    private func feed(
        _ client: Connection, _ content: [UInt8], pieces size: Int
    ) -> Task<Void, Never> {
        Task { @ReactorActor in
            for start in stride(from: 0, to: content.count, by: size) {
                if !client.isOpen || client.peerIsDone { return }
                client.send(Array(content[start..<min(start + size, content.count)]))
                await Reactor.sleep(for: .milliseconds(4))
            }
        }
    }
}
