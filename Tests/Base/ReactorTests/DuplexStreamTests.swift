// Streams that call back: what is sent arrives, an owner hears of every ending, and each ending is told
// apart.

import Linux
import Reactor
import Testing

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct DuplexStreamTests {
    @Test func `what is sent arrives, in order and whole, however slowly it is taken`()
        async throws
    {
        let pair = try await Pair()
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) }
        pair.server.isTaking = false
        pair.client.stream.send(payload)
        #expect(pair.client.stream.outboundCount > 0, "more than the kernel holds")
        pair.client.stream.send(payload, from: payload.count - 5)
        pair.server.isTaking = true
        pair.server.take()
        try await until { pair.server.stream.inbound.count == payload.count + 5 }
        #expect(pair.server.stream.inbound.bytes == payload + payload.suffix(5))
        #expect(pair.client.stream.outboundCount == 0)
    }

    @Test func `one direction ends and the other goes on`() async throws {
        let pair = try await Pair()
        pair.client.stream.send([1, 2, 3])
        pair.client.stream.shutdownSending()
        try await until { pair.server.last == .end }
        #expect(pair.server.stream.peerIsDone)
        #expect(pair.server.stream.isOpen)
        #expect(pair.server.stream.inbound.bytes == [1, 2, 3])
        pair.server.stream.send([4])
        try await until { pair.client.stream.inbound.bytes == [4] }
        #expect(!pair.client.stream.peerIsDone)
    }

    @Test func `bytes sent before the connect has ended go out with its end`() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        let client = Taker(try DuplexStream.connecting(to: listener.address))
        client.stream.send([7, 8])
        let server = Taker(try #require(await listener.nextStream()))
        server.take()
        try await until { server.stream.inbound.bytes == [7, 8] }
        #expect(!client.stream.isConnecting)
        #expect(client.stream.failure == nil)
    }

    @Test func `an owner hears that nobody listens`() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        let address = listener.address
        listener.close()
        do {
            let client = Taker(try DuplexStream.connecting(to: address))
            client.stream.send([1])
            try await until { client.stream.failure != nil }
            #expect(client.stream.failure == .refused)
            #expect(client.stream.receive() == .failed)
            #expect(!client.stream.isOpen)
        } catch let error as SyscallError {
            // Loopback may refuse within the call.
            #expect(error.errno == .connectionRefused)
        }
    }

    @Test func `a connection that is reset is broken, and what came before can be received`()
        async throws
    {
        let pair = try await Pair()
        pair.server.isTaking = false
        pair.client.isTaking = false
        pair.server.stream.send([9])
        pair.client.stream.send([1])
        try await until { pair.server.calls > 0 && pair.client.calls > 0 }
        // Unread bytes at a close reset the connection (RFC 1122 section 4.2.2.13).
        pair.server.stream.close()
        try await until { pair.client.stream.isBroken }
        #expect(pair.client.stream.peerIsDone)
        pair.client.isTaking = true
        pair.client.take()
        #expect(pair.client.last == .failed)
        #expect(pair.client.stream.failure == .reset)
    }

    @Test func `nothing is received twice, and an emptied stream says so`() async throws {
        let pair = try await Pair()
        pair.server.isTaking = false
        pair.client.stream.send([1])
        try await until { pair.server.calls > 0 }
        #expect(pair.server.stream.receive() == .bytes)
        #expect(pair.server.stream.receive() == .nothing)
        #expect(pair.server.stream.inbound.bytes == [1])
    }

    @Test func `a closed stream calls nobody and holds nobody`() async throws {
        let pair = try await Pair()
        pair.server.stream.close()
        let calls = pair.server.calls
        #expect(pair.server.stream.owner == nil)
        #expect(pair.server.stream.receive() == .end)
        pair.server.stream.send([1])
        pair.server.stream.close()
        try await until { pair.client.last == .end }
        #expect(pair.server.calls == calls)
    }

    private func until(_ condition: () -> Bool) async throws {
        let deadline = MonotonicTime.now() + .seconds(20)
        while !condition() {
            try #require(.now() < deadline, "the condition never came true")
            await Reactor.sleep(for: .milliseconds(1))
        }
    }
}

/// Receives all that comes, while it is told to.
@ReactorActor
private final class Taker: StreamOwner {
    let stream: DuplexStream
    var isTaking = true
    private(set) var calls = 0
    private(set) var last = DuplexStream.Reception.nothing

    init(_ stream: DuplexStream) {
        self.stream = stream
        stream.owner = self
    }

    func streamChanged(_ stream: DuplexStream) {
        calls += 1
        take()
    }

    func take() {
        while isTaking {
            last = stream.receive()
            guard last == .bytes else { return }
        }
    }
}

/// Two ends over loopback; both are closed with it, since an owner and its stream hold each other.
@ReactorActor
private final class Pair {
    let client: Taker
    let server: Taker

    init() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        client = Taker(try DuplexStream.connecting(to: listener.address))
        server = Taker(try #require(await listener.nextStream()))
    }

    isolated deinit {
        client.stream.close()
        server.stream.close()
    }
}
