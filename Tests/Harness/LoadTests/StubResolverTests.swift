// The resolver against servers that answer, truncate, lie or keep silent.

import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Load

/// A name server that answers what it is told to, over UDP and TCP on one port.
@ReactorActor
private final class SmallServer {
    typealias Answer = @ReactorActor (inout DNSMessage, _ isStream: Bool) -> Void

    private var channel: DatagramChannel?
    private var listener: Listener?
    private let answer: Answer
    private(set) var datagrams = 0
    private(set) var streams = 0

    init(_ answer: @escaping Answer) throws {
        self.answer = answer
        let (channel, listener) = try DatagramChannel.openWithListener(
            SocketAddress(ip: .loopback, port: 0)
        ) { [unowned self] batch in serve(&batch) }
        self.channel = channel
        self.listener = listener
        Task { @ReactorActor in
            while let connection = await listener.acceptNext() { await serve(connection) }
        }
    }

    var address: SocketAddress { channel?.address ?? SocketAddress(ip: .any, port: 0) }

    func stop() {
        channel?.close()
        listener?.close()
    }

    private func serve(_ batch: inout DatagramBatch) {
        for index in 0..<batch.count {
            datagrams += 1
            let query = batch.withBytes(of: index) { [UInt8](copying: $0) }
            if let reply = reply(to: query, isStream: false) {
                batch.answer(index, with: reply.span)
            }
        }
    }

    private func serve(_ connection: Connection) async {
        streams += 1
        while connection.inbound.count < 3 {
            guard (try? await connection.receive(deadline: .now() + .seconds(5))) == true else {
                return
            }
        }
        let query = Array(connection.inbound.bytes.dropFirst(2))
        if let reply = reply(to: query, isStream: true) {
            connection.send([UInt8(reply.count >> 8), UInt8(reply.count & 0xFF)] + reply)
        }
        try? await connection.flush(deadline: .now() + .seconds(5))
    }

    private func reply(to query: [UInt8], isStream: Bool) -> [UInt8]? {
        guard var message = try? DNSMessage.parse(query.span) else { return nil }
        message.flags = [.response, .authoritative]
        message.edns = nil
        answer(&message, isStream)
        return message.flags.contains(.response) ? message.encoded() : nil
    }
}

extension DNSMessage {
    fileprivate mutating func add(_ address: IPv4Address, ttl: UInt32 = 60) {
        answers.append(DNSRecord(questions[0].name, ttl: ttl, .a(address.rawValue)))
    }
}

@Suite(.timeLimit(.minutes(1)))
@ReactorActor
struct StubResolverTests {
    private let good = IPv4Address(10, 9, 9, 9)

    private func resolver(_ servers: SocketAddress...) throws -> StubResolver {
        StubResolver(
            try #require(DNSName("www.faultline.test")), servers: servers, from: nil,
            random: SeededRandom(seed: 1))
    }

    private func ask(_ resolver: StubResolver) async throws -> IPv4Address {
        try await resolver.address(keeping: nil, deadline: .now() + .seconds(5))
    }

    @Test func `an answer serves all until it expires`() async throws {
        let server = try SmallServer { message, _ in message.add(good) }
        defer { server.stop() }
        let resolver = try resolver(server.address)
        for _ in 0..<10 { #expect(try await ask(resolver) == good) }
        #expect(server.datagrams == 1)
        #expect(resolver.resolutions == 1)
    }

    @Test func `an answer without a lifetime is asked for again`() async throws {
        let server = try SmallServer { message, _ in message.add(good, ttl: 1) }
        defer { server.stop() }
        let resolver = try resolver(server.address)
        _ = try await ask(resolver)
        let deadline = MonotonicTime.now() + .seconds(5)
        while server.datagrams < 2, .now() < deadline {
            #expect(try await ask(resolver) == good)
            await Reactor.sleep(for: .milliseconds(20))
        }
        #expect(server.datagrams == 2)
    }

    @Test func `many who wait share one question`() async throws {
        let server = try SmallServer { message, _ in message.add(good) }
        defer { server.stop() }
        let resolver = try resolver(server.address)
        let asking = (0..<20).map { _ in Task { @ReactorActor in try await ask(resolver) } }
        for task in asking { #expect(try await task.value == good) }
        #expect(server.datagrams == 1)
    }

    @Test func `a truncated answer is asked for again over TCP`() async throws {
        let server = try SmallServer { message, isStream in
            if isStream { message.add(good) } else { message.flags.insert(.truncated) }
        }
        defer { server.stop() }
        #expect(try await ask(try resolver(server.address)) == good)
        #expect(server.streams == 1)
    }

    @Test func `the next server is asked when one is silent, fails or is not there`() async throws {
        let silent = try SmallServer { message, _ in message.flags = [] }
        let failing = try SmallServer { message, _ in message.code = .serverFailure }
        let server = try SmallServer { message, _ in message.add(good) }
        defer { [silent, failing, server].forEach { $0.stop() } }
        let nobody = SocketAddress(ip: IPv4Address(127, 0, 0, 77), port: 9)
        let resolver = try resolver(nobody, failing.address, silent.address, server.address)
        #expect(try await ask(resolver) == good)
        #expect(silent.datagrams == 1)
        #expect(failing.datagrams == 1)
    }

    @Test func `an answer to another question is passed over`() async throws {
        let liar = try SmallServer { message, _ in
            message.id ^= 1
            message.add(IPv4Address(6, 6, 6, 6))
        }
        let server = try SmallServer { message, _ in message.add(good) }
        defer { [liar, server].forEach { $0.stop() } }
        #expect(try await ask(try resolver(liar.address, server.address)) == good)
    }

    @Test func `a name without addresses is refused at once, and so is one that nobody serves`()
        async throws
    {
        let denying = try SmallServer { message, _ in message.code = .noSuchName }
        defer { denying.stop() }
        let absent = try resolver(denying.address)
        await #expect(throws: ClientError.unreachable(.refused)) { try await ask(absent) }
        await #expect(throws: ClientError.unreachable(.refused)) { try await ask(absent) }
        #expect(denying.datagrams == 1)
        let lost = try resolver(SocketAddress(ip: IPv4Address(127, 0, 0, 77), port: 9))
        await #expect(throws: ClientError.unreachable(.refused)) { try await ask(lost) }
        #expect(lost.failures == 1)
    }

    @Test func `whoever runs out of time is told so`() async throws {
        let silent = try SmallServer { message, _ in message.flags = [] }
        defer { silent.stop() }
        let resolver = try resolver(silent.address)
        await #expect(throws: ClientError.unreachable(.timedOut)) {
            try await resolver.address(keeping: nil, deadline: .now() + .milliseconds(20))
        }
    }
}
