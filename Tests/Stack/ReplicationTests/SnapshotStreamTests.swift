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
    @Test func `bytes that are not what was offered are not handed on`() async throws {
        let folder = "/tmp/replication-snapshot-\(CurrentProcess.id)"
        try File.makeDirectories(folder)
        defer { try? File.removeTree(folder) }
        let content = bytes(String(repeating: "snapshot", count: 100_000))
        try File.save(content, to: folder + "/source")
        let right = CRC32C.checksum(content.span)
        #expect(try await pass(folder, content.count, right) == content)
        #expect(try await pass(folder, content.count, right ^ 1) == nil)
    }

    /// Sends a file to a receiver in this process; gives what it took.
    private func pass(
        _ folder: String, _ byteCount: Int, _ checksum: UInt32
    ) async throws -> [UInt8]? {
        let listener = try Listener(SocketAddress(ip: IPv4Address(127, 0, 0, 1), port: 0))
        defer { listener.close() }
        let descriptor = SnapshotDescriptor(
            position: LogPosition(index: LogIndex(9), term: Term(2)),
            membership: Membership(voters: [NodeID(1), NodeID(2)]))
        let message = RaftMessage(
            from: NodeID(1), to: NodeID(2), term: Term(2), body: .installSnapshot(descriptor))
        let file = SnapshotFile(
            path: folder + "/source", descriptor: descriptor, byteCount: byteCount,
            checksum: checksum)
        let sender = Task { @ReactorActor in
            let link = try await Connection.connect(to: listener.address, deadline: soon())
            defer { link.close() }
            let offer = SnapshotOffer(
                group: GroupID(7), message: message, byteCount: byteCount, checksum: checksum)
            let hello = PeerHello(cluster: 0, from: NodeID(1), to: NodeID(2))
            return try await SnapshotStream.send(file, offer: offer, hello: hello, on: link)
        }
        let connection = try await listener.accept()
        _ = try await connection.receive(deadline: soon())
        #expect(try connection.take { bytes in try PeerFrame.parse(bytes) } != nil)
        let offer = try #require(try await SnapshotStream.offer(on: connection))
        #expect(offer.message == message)
        #expect(offer.group == GroupID(7))
        let taken = try await SnapshotStream.receive(offer, to: folder + "/target", on: connection)
        if taken != nil { connection.send(PeerFrame.taken.encoded) } else { connection.close() }
        let isTaken = (try? await sender.value) ?? false
        #expect(isTaken == (taken != nil))
        return try taken.map { try File.contents(of: $0.path) }
    }
}
