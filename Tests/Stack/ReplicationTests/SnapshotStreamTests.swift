// A snapshot's bytes on their way from one host to another.

import Linux
import Raft
import Reactor
import Testing
import Wire

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(1)), .serialized)
struct SnapshotStreamTests {
    private let folder = "/tmp/replication-snapshot-\(CurrentProcess.id)"
    private let content = bytes(String(repeating: "snapshot", count: 100_000))

    private func withFolder(_ body: @ReactorActor () async throws -> Void) async throws {
        try File.makeDirectories(folder)
        defer { try? File.removeTree(folder) }
        try File.save(content, to: folder + "/source")
        try await body()
    }

    private func offer(checksum: UInt32? = nil) -> SnapshotOffer {
        let descriptor = SnapshotDescriptor(
            position: LogPosition(index: LogIndex(9), term: Term(2)),
            membership: Membership(voters: [NodeID(1), NodeID(2)]))
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(2), body: .installSnapshot(descriptor))
        return SnapshotOffer(
            group: GroupID(7), message: message, byteCount: content.count,
            checksum: checksum ?? CRC32C.checksum(content.span))
    }

    @Test func `bytes that are not what was offered are not handed on`() async throws {
        try await withFolder {
            let right = offer()
            let whole = try PartialSnapshot(right, path: folder + "/target")
            #expect(try await pass(right, into: whole))
            #expect(try whole.file.map { try File.contents(of: $0.path) } == content)
            let wrong = offer(checksum: right.checksum ^ 1)
            let refused = try PartialSnapshot(wrong, path: folder + "/target")
            #expect(try await pass(wrong, into: refused) == false)
            #expect(refused.file == nil)
        }
    }

    @Test func `a transfer that breaks off goes on from where it was`() async throws {
        try await withFolder {
            let offer = offer()
            let partial = try PartialSnapshot(offer, path: folder + "/target")
            #expect(try await pass(offer, into: partial, breakingAt: 200_000) == false)
            #expect(partial.byteCount >= 200_000)
            #expect(!partial.isComplete)
            #expect(partial.matches(offer))
            let before = partial.byteCount
            let sent = Counter()
            #expect(try await pass(offer, into: partial, counting: sent))
            #expect(sent.byteCount < content.count - before + 100_000)
            #expect(try partial.file.map { try File.contents(of: $0.path) } == content)
        }
    }

    @ReactorActor
    private final class Counter {
        var byteCount = 0
    }

    /// Sends what is missing to a receiver in this process; tells whether the sender saw it taken.
    private func pass(
        _ offer: SnapshotOffer, into partial: PartialSnapshot, breakingAt limit: Int? = nil,
        counting counter: Counter? = nil
    ) async throws -> Bool {
        let listener = try Listener(SocketAddress(ip: IPv4Address(127, 0, 0, 1), port: 0))
        defer { listener.close() }
        let descriptor = try #require(offer.descriptor)
        let file = SnapshotFile(
            path: folder + "/source", descriptor: descriptor, byteCount: offer.byteCount,
            checksum: offer.checksum)
        let sender = Task { @ReactorActor in
            let link = try await Connection.connect(to: listener.address, deadline: soon())
            defer { link.close() }
            let hello = PeerHello(cluster: 0, from: NodeID(1), to: NodeID(2))
            return try await SnapshotStream.send(
                file, offer: offer, hello: hello, chunkBytes: 4096, on: link)
        }
        let connection = try await listener.accept()
        defer { connection.close() }
        _ = try await connection.receive(deadline: soon())
        #expect(try connection.take { bytes in try PeerFrame.parse(bytes) } != nil)
        let received = try #require(try await SnapshotStream.offer(on: connection))
        #expect(received == offer)
        let start = partial.byteCount
        if let limit {
            Task { @ReactorActor in
                while partial.byteCount < limit { await Task.yield() }
                connection.close()
            }
        }
        let isWhole = (try? await SnapshotStream.receive(into: partial, on: connection)) ?? false
        counter?.byteCount = partial.byteCount - start
        if isWhole, partial.file != nil {
            connection.send(PeerFrame.taken.encoded)
        } else {
            connection.close()
        }
        return (try? await sender.value) ?? false
    }
}
