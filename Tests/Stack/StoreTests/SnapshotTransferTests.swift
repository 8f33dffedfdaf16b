// A follower whose entries are gone from the leader's log is brought up by a snapshot.

import Endpoints
import Linux
import Raft
import Reactor
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct SnapshotTransferTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    @Test func `a follower that was away too long gets the state and goes on from it`() async throws
    {
        try await Cluster.with(limits: shortLog) { cluster in
            let leader = try await cluster.leader()
            let away = leader % 3 + 1
            try await cluster.write(1...3)
            _ = try await cluster.ask(leader, "INCRBY", "n", "5", "ID", "counter", "1")
            try await cluster.settle()
            try await cluster.stop(away)
            try await cluster.write(4...100)
            _ = try await cluster.until("the log is compacted") {
                let status = try cluster.server(leader).driver.node.status
                return status.compacted > LogIndex(50) ? true : nil
            }
            try cluster.start(away)
            try await cluster.settle()
            try expectState(of: cluster.server(away).driver, 1...100)
            let compacted = try cluster.server(away).driver.node.status.compacted
            #expect(compacted > LogIndex(50), "it came by snapshot")

            // The installed state leads on: restarts, remembers requests, and can win an election.
            try await cluster.write(101...110)
            try await cluster.settle()
            try await cluster.stop(away)
            try cluster.start(away)
            try await cluster.write(111...115)
            try await cluster.settle()
            try await cluster.stop(leader)
            try await cluster.expectWritten(1...115)
            let reply = try await cluster.seeker().call(
                ["INCRBY", "n", "5", "ID", "counter", "1"], deadline: soon())
            #expect(reply.value == .integer(5))
        }
    }

    private func expectState(of driver: ReplicaDriver, _ numbers: ClosedRange<Int>) throws {
        for number in numbers {
            #expect(try driver.state.value(of: bytes("k\(number)")) == bytes("v\(number)"))
        }
    }

    @Test func `a group with a short log keeps every write over restarts`() async throws {
        try await Cluster.with(limits: shortLog) { cluster in
            for round in 0..<3 {
                try await cluster.write(round * 50 + 1...round * 50 + 50)
                for id in 1...3 { try await cluster.stop(id) }
                for id in 1...3 { try cluster.start(id) }
            }
            try await cluster.expectWritten(1...150)
        }
    }

    @Test func `bytes that are not what was offered are not handed on`() async throws {
        let folder = "/tmp/store-snapshot-\(CurrentProcess.id)"
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
            let offer = SnapshotOffer(message: message, byteCount: byteCount, checksum: checksum)
            let hello = PeerHello(shard: 0, from: NodeID(1), to: NodeID(2))
            return try await SnapshotStream.send(file, offer: offer, hello: hello, on: link)
        }
        let connection = try await listener.accept()
        _ = try await connection.receive(deadline: soon())
        #expect(try connection.take { bytes in try PeerFrame.parse(bytes) } != nil)
        let taken = try await SnapshotStream.receive(to: folder + "/target", on: connection)
        if taken != nil { connection.send(PeerFrame.taken.encoded) } else { connection.close() }
        let isTaken = (try? await sender.value) ?? false
        #expect(isTaken == (taken != nil))
        #expect(taken.map(\.message) == (taken == nil ? nil : message))
        return try taken.map { try File.contents(of: $0.file.path) }
    }
}
