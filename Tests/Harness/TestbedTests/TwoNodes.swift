// What the privileged tests share: their tag, when they can run, and probes between two nodes.

import Linux
import Testing

@testable import Reactor
@testable import Testbed

extension Tag {
    @Tag static var privileged: Self
    @Tag static var multiprocess: Self
}

/// Two nodes and sockets in each; taken down by `tearDown`.
@ReactorActor
final class TwoNodes {
    let testbed: Testbed
    let a: Node
    let b: Node
    let folder: String

    init(seed: UInt64 = 7) throws {
        testbed = try Testbed(seed: seed)
        a = try testbed.createNode(name: "a", address: IPv4Address(10, 0, 0, 1))
        b = try testbed.createNode(name: "b", address: IPv4Address(10, 0, 0, 2))
        folder = "/tmp/faultline-testbed-\(MonotonicTime.now().nanoseconds)"
        try File.makeDirectories(folder)
    }

    /// Runs a body on a fresh bench and takes it down, whatever comes of the body.
    static func with(
        seed: UInt64 = 7, _ body: @ReactorActor (TwoNodes) async throws -> Void
    ) async throws {
        let bench = try TwoNodes(seed: seed)
        let result: Result<Void, any Error>
        do {
            try await body(bench)
            result = .success(())
        } catch { result = .failure(error) }
        try await bench.testbed.tearDown()
        try File.removeTree(bench.folder)
        try result.get()
    }

    func start(_ node: Node, _ arguments: String...) throws {
        try node.start(
            Program(
                arguments: arguments, workingFolder: folder, log: "\(folder)/\(node.name).log"))
    }

    /// Counters from a to b once nothing waits: the emulator counts a batch after it has sent it.
    func settledCounters(within wait: Duration) async throws -> LinkCounters {
        let deadline = MonotonicTime.now() + wait
        while true {
            let counters = testbed.links.counters(from: a.address, to: b.address)
            if let counters, counters.queued == 0 { return counters }
            try #require(MonotonicTime.now() < deadline, "\(String(describing: counters))")
            await Reactor.sleep(for: .milliseconds(1))
        }
    }

    func log(of node: Node) throws -> String { try File.text(of: "\(folder)/\(node.name).log") }
}

/// Datagrams from one node to another, each with its number and the time at which it was sent.
@ReactorActor
final class Probe {
    private let sender: DatagramSocket
    private let receiver: DatagramSocket
    private let target: SocketAddress
    private var sent: UInt64 = 0

    init(from source: Node, to destination: Node, port: UInt16 = 9000) throws {
        let target = SocketAddress(ip: destination.address, port: port)
        let home = SocketAddress(ip: source.address, port: 0)
        sender = try source.openDatagram(home)
        receiver = try destination.openDatagram(target)
        self.target = target
    }

    func send() throws {
        sent += 1
        var payload: [UInt8] = []
        for value in [sent, UInt64(MonotonicTime.now().nanoseconds)] {
            payload += (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        try sender.send(payload, to: target)
    }

    /// The next datagram's number and how long it took; nil after the wait.
    func receive(within wait: Duration) throws -> (number: UInt64, took: Duration)? {
        guard let bytes = try receiver.receive(deadline: .now() + wait) else { return nil }
        let now = MonotonicTime.now()
        let values = [0, 8].map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
        return (values[0], now - MonotonicTime(nanoseconds: Int64(values[1])))
    }
}

extension Node {
    func openDatagram(_ address: SocketAddress) throws(SyscallError) -> DatagramSocket {
        try namespace.perform { () throws(SyscallError) in try DatagramSocket(address) }
    }
}

extension Probe {
    /// Sends one and says whether one came.
    func arrives(within wait: Duration) throws -> Bool {
        try send()
        return try receive(within: wait) != nil
    }
}

/// One end of a TCP connection between the nodes of a bench.
@ReactorActor
struct Stream {
    let connection: Connection

    /// Connects from a to b; returns a's end and b's.
    static func pair(_ bench: TwoNodes) async throws -> (Stream, Stream) {
        let target = SocketAddress(ip: bench.b.address, port: 9100)
        let listener = try bench.b.perform { () throws(SyscallError) in try Listener(target) }
        defer { listener.close() }
        let dialling = try bench.a.namespace.perform { () throws(SyscallError) in
            try Socket.stream()
        }
        _ = try Socket.connect(dialling, to: target)
        let server = try await listener.accept()
        let client = try Connection(dialling, peer: target)
        return (Stream(connection: client), Stream(connection: server))
    }

    func exchange(with peer: Stream, deadline: MonotonicTime) async throws {
        connection.send([1])
        #expect(try await peer.connection.receive(deadline: deadline))
        peer.connection.inbound.consume(1)
    }

    func holds(_ bytes: [UInt8]) -> Bool {
        let inbound = connection.inbound
        return inbound.count == bytes.count
            && bytes.indices.allSatisfy { index in
                let received = inbound.span
                return received[index] == bytes[index]
            }
    }
}
