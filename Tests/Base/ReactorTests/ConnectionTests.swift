// Streams over loopback: what one side sends the other receives, and every ending is told apart.

import Linux
import Reactor
import Testing

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test func `what is sent arrives, in order and whole`() async throws {
        let pair = try await connectedPair()
        let payload = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        pair.client.send(payload)
        while pair.server.inbound.count < payload.count {
            try #require(try await pair.server.receive(deadline: soon()))
        }
        #expect(pair.server.inbound.bytes == payload)
        try await pair.client.flush(deadline: soon())
        #expect(pair.client.outboundCount == 0)
    }

    @Test func `the end of the peer's stream is not an error`() async throws {
        let pair = try await connectedPair()
        pair.client.send([1, 2, 3])
        pair.client.close()
        #expect(try await pair.server.receive(deadline: soon()))
        #expect(try await pair.server.receive(deadline: soon()) == false)
        #expect(pair.server.inbound.bytes == [1, 2, 3])
    }

    @Test func `a read that nothing answers ends at its deadline`() async throws {
        let pair = try await connectedPair()
        let deadline = MonotonicTime.now() + .milliseconds(20)
        await #expect(throws: TransportError.timedOut) {
            try await pair.server.receive(deadline: deadline)
        }
        #expect(MonotonicTime.now() >= deadline)
    }

    @Test func `nobody listening is refused`() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        let address = listener.address
        listener.close()
        await #expect(throws: TransportError.refused) {
            _ = try await Connection.connect(to: address, deadline: soon())
        }
    }

    @Test func `closing wakes whoever waits`() async throws {
        let pair = try await connectedPair()
        let waiting = Task { @ReactorActor in
            try await pair.server.receive(deadline: soon())
        }
        await Task.yield()
        pair.server.close()
        await #expect(throws: TransportError.closed) { try await waiting.value }
        pair.server.close()
    }

    @Test func `a thousand connections come and go and leave no descriptor`() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        for _ in 0..<1000 {
            async let accepted = listener.accept()
            let client = try await Connection.connect(to: listener.address, deadline: soon())
            let server = try await accepted
            client.send([7])
            #expect(try await server.receive(deadline: soon()))
            client.close()
            server.close()
        }
        // A leak would be two thousand; the suites that run beside this one have some open.
        #expect(try File.list("/proc/self/fd").count < 1000)
    }

    private func connectedPair() async throws -> (client: Connection, server: Connection) {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        async let accepted = listener.accept()
        let client = try await Connection.connect(to: listener.address, deadline: soon())
        return (client, try await accepted)
    }

    private func soon() -> MonotonicTime { .now() + .seconds(20) }
}
