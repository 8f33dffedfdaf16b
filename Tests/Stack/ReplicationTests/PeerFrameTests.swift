// What replicas say to each other, as bytes, and whom they listen to.

import Linux
import Raft
import Reactor
import Testing
import Wire

@testable import Replication

struct PeerFrameTests {
    private static let frames: [PeerFrame] = [
        .hello(PeerHello(purpose: .messages, cluster: 3, from: NodeID(1), to: NodeID(2))),
        .hello(PeerHello(purpose: .snapshot, cluster: 0, from: NodeID(9), to: NodeID(1))),
        .message(
            GroupID(300),
            RaftMessage(from: NodeID(1), to: NodeID(2), term: Term(7), body: .newerTerm)),
        .ping, .alive, .taken, .chunk([1, 2, 3]), .resume(1 << 33), .gossip([4]),
        .absent(GroupID(300)),
        .invite(GroupID(2), LogIndex(9), charter: [1]), .dismiss(GroupID(2), LogIndex(900)),
        .offer(
            SnapshotOffer(
                group: GroupID(1),
                message: RaftMessage(
                    from: NodeID(1), to: NodeID(2), term: Term(7),
                    body: .installSnapshot(
                        SnapshotDescriptor(
                            position: LogPosition(index: LogIndex(5), term: Term(6)),
                            membership: Membership(voters: [NodeID(1), NodeID(2)])))),
                byteCount: 1 << 33, checksum: 0xFFFF_0001)),
    ]

    @Test(arguments: frames)
    func `a frame is read back whole, and not before its last byte`(_ frame: PeerFrame) throws {
        let encoded = frame.encoded
        let (read, count) = try #require(try PeerFrame.parse(encoded.span))
        #expect(read == frame)
        #expect(count == encoded.count)
        for length in 0..<encoded.count {
            #expect(try PeerFrame.parse(encoded.span.extracting(0..<length)) == nil)
        }
    }

    @Test(arguments: frames)
    func `a frame with a flipped bit is refused or incomplete`(_ frame: PeerFrame) {
        let encoded = frame.encoded
        for place in encoded.indices {
            var damaged = encoded
            damaged[place] ^= 1
            let read = try? PeerFrame.parse(damaged.span)
            #expect(read == nil, "byte \(place)")
        }
    }

    @Test func `a sound frame with nonsense in it is refused`() {
        for frame in [
            Frame(kind: 0, payload: []), Frame(kind: 99, payload: []),
            Frame(kind: 1, payload: [7]), Frame(kind: 2, payload: [200]),
        ] {
            var bytes: [UInt8] = []
            frame.encode(into: &bytes)
            #expect(throws: PeerError.self) { try PeerFrame.parse(bytes.span) }
        }
    }
}

@ReactorActor
@Suite(.timeLimit(.minutes(1)), .serialized)
struct PeerListenerTests {
    private func withListener(
        _ body: @ReactorActor (PeerListener, Received) async throws -> Void
    ) async throws {
        let received = Received()
        let listener = try PeerListener(
            SocketAddress(ip: IPv4Address(127, 0, 0, 1), port: 0), cluster: 1, id: NodeID(1),
            limits: PeerLinkLimits(), isPeer: { [NodeID(2), NodeID(3)].contains($0) },
            deliver: { _, frame in
                if case .message(GroupID(5), let message) = frame {
                    received.messages.append(message)
                }
            },
            takeSnapshot: { _, _ in })
        Task { @ReactorActor in await listener.run() }
        defer { listener.stop() }
        try await body(listener, received)
    }

    @ReactorActor
    private final class Received {
        var messages: [RaftMessage] = []
    }

    private func message(from node: UInt64) -> RaftMessage {
        RaftMessage(
            from: NodeID(node), to: NodeID(1), term: Term(1), body: .heartbeatReply(round: 1))
    }

    /// Says these frames; true when the listener answers that it is alive, false when it hangs up.
    private func isAnswered(_ frames: [PeerFrame], by listener: PeerListener) async throws -> Bool {
        let connection = try await Connection.connect(to: listener.address, deadline: soon())
        defer { connection.close() }
        for frame in frames { connection.send(frame.encoded) }
        return (try? await connection.receive(deadline: soon())) ?? false
    }

    @Test func `a peer is heard and told so`() async throws {
        try await withListener { listener, received async throws in
            let hello = PeerHello(cluster: 1, from: NodeID(2), to: NodeID(1))
            let frames: [PeerFrame] = [.hello(hello), .message(GroupID(5), message(from: 2))]
            #expect(try await isAnswered(frames, by: listener))
            #expect(received.messages == [message(from: 2)])
        }
    }

    @Test(arguments: [
        PeerHello(cluster: 2, from: NodeID(2), to: NodeID(1)),  // Another cluster.
        PeerHello(cluster: 1, from: NodeID(2), to: NodeID(3)),  // Meant for another host.
        PeerHello(cluster: 1, from: NodeID(4), to: NodeID(1)),  // Not of this cluster.
    ])
    func `a stranger is not heard`(_ hello: PeerHello) async throws {
        try await withListener { listener, received async throws in
            let frames: [PeerFrame] = [.hello(hello), .message(GroupID(5), message(from: 2))]
            #expect(try await isAnswered(frames, by: listener) == false)
            #expect(received.messages.isEmpty)
        }
    }

    @Test func `who speaks without a hello, or in the name of another, is not heard`() async throws
    {
        try await withListener { listener, received async throws in
            #expect(
                try await isAnswered([.message(GroupID(5), message(from: 2))], by: listener)
                    == false)
            let hello = PeerHello(cluster: 1, from: NodeID(2), to: NodeID(1))
            let frames: [PeerFrame] = [.hello(hello), .message(GroupID(5), message(from: 3))]
            #expect(try await isAnswered(frames, by: listener) == false)
            #expect(received.messages.isEmpty)
        }
    }
}
