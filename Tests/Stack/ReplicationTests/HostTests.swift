// Many groups on a few hosts: what each promises, and what they share.

import Journal
import Linux
import Raft
import Reactor
import Synchronization
import Testing

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct HostTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    @Test func `groups on the same hosts keep their states apart`() async throws {
        try await HostCluster.with(groups: 3) { cluster in
            for group in UInt64(1)...3 { try await cluster.write("k", "of \(group)", to: group) }
            for group in UInt64(1)...3 {
                #expect(try await cluster.value("k", in: group) == "of \(group)")
            }
        }
    }

    @Test func `what was acknowledged survives the crash of all hosts`() async throws {
        try await HostCluster.with(groups: 2, limits: shortLog) { cluster in
            for round in 0..<2 {
                try await cluster.write(round * 50 + 1...round * 50 + 50, to: 1)
                try await cluster.write("k\(round)", "v", to: 2)
                for id in 1...3 { try await cluster.stop(id) }
                for id in 1...3 { try cluster.start(id) }
            }
            try await cluster.expectWritten(1...100, in: 1)
            #expect(try await cluster.value("k1", in: 2) == "v")
        }
    }

    @Test func `fifty groups share their fsyncs`() async throws {
        try await HostCluster.with(groups: 50) { cluster in
            for group in UInt64(1)...50 { try await cluster.write("k", "first", to: group) }
            var before = 0
            for id in 1...3 { before += try cluster.host(id).figures.syncCount }
            let writers = (UInt64(1)...50).map { group in
                Task { @ReactorActor in
                    for round in 0..<4 { try await cluster.write("k", "\(round)", to: group) }
                }
            }
            for writer in writers { try await writer.value }
            var syncs = -before
            for id in 1...3 { syncs += try cluster.host(id).figures.syncCount }
            // 200 entries on three disks each: 600 fsyncs if every group had its own.
            #expect(syncs > 0)
            #expect(syncs < 200, "200 writes on 3 hosts took \(syncs) fsyncs")
            for group in UInt64(1)...50 {
                #expect(try await cluster.value("k", in: group) == "3")
            }
        }
    }

    @Test func `an idle group does not pin the log, and comes back whole`() async throws {
        var journal = JournalOptions()
        journal.segmentSizeMax = 4096
        journal.payloadCountMax = 1024
        try await HostCluster.with(groups: 2, limits: shortLog, journal: journal) { cluster in
            try await cluster.write(1...10, to: 2)
            try await cluster.write(1...600, to: 1)
            try await cluster.settle(1)
            _ = try await cluster.until("every host has given room back") {
                let figures = try (1...3).map { try cluster.host($0).figures }
                return figures.allSatisfy { $0.logFirst > 100 && $0.logBytes < 16 << 10 }
                    ? true : nil
            }
            for id in 1...3 { try await cluster.stop(id) }
            for id in 1...3 { try cluster.start(id) }
            try await cluster.expectWritten(1...10, in: 2)
            try await cluster.expectWritten(590...600, in: 1)
        }
    }

    @Test func `a replica that was away too long gets the state and goes on from it`() async throws
    {
        try await HostCluster.with(groups: 2, limits: shortLog) { cluster in
            let away = try await cluster.leader() % 3 + 1
            try await cluster.write(1...3)
            try await cluster.settle()
            try await cluster.stop(away)
            try await cluster.write(4...100)
            try cluster.start(away)
            try await cluster.settle()
            #expect(
                try cluster.group(on: away).status.compacted > LogIndex(50), "it came by snapshot")
            #expect(try cluster.group(on: away).state.values.count == 100)
            try await cluster.write(101...110)
            try await cluster.settle()
            try await cluster.stop(away)
            try cluster.start(away)
            try await cluster.settle()
            #expect(try cluster.group(on: away).state.values["k110"] == "v110")
        }
    }

    @Test func `a snapshot whose link broke goes on from where it was`() async throws {
        var limits = shortLog
        limits.snapshotChunkBytes = 4096
        try await HostCluster.with(limits: limits) { cluster in
            let away = try await cluster.leader() % 3 + 1
            try await cluster.stop(away)
            let large = String(repeating: "x", count: 40_000)
            for number in 1...60 { try await cluster.write("k\(number)", large) }
            try cluster.start(away)
            _ = try await cluster.until("a part has arrived", every: .zero) {
                try cluster.group(on: away).incoming.map { $0.byteCount > 100_000 } == true
                    ? true : nil
            }
            try cluster.host(away).isCutOff = true
            #expect(try cluster.group(on: away).state.values.isEmpty)
            // Writes go on, and yet the leader keeps what the copy needs behind it.
            try await cluster.write(61...100)
            try cluster.host(away).isCutOff = false
            try await cluster.settle()
            #expect(try cluster.group(on: away).resumedBytes > 100_000)
            #expect(try cluster.group(on: away).state.values.count == 100)
        }
    }

    @Test func `a leader that is cut off takes neither writes nor reads`() async throws {
        try await HostCluster.with { cluster in
            try await cluster.write("k", "before")
            let old = try await cluster.leader()
            let replica = try cluster.group(on: old)
            try cluster.host(old).isCutOff = true
            async let write = replica.propose(bytes("k=lost"))
            async let read = replica.readBarrier()
            guard case .unknown = await write else {
                Issue.record("a write without a majority was answered")
                return
            }
            #expect(await read == .lost)
            try await cluster.write("k", "after")
            try cluster.host(old).isCutOff = false
            try await cluster.settle()
            #expect(replica.state.values["k"] == "after")
        }
    }

    @Test func `a follower reads for itself, up to what was acknowledged anywhere`() async throws {
        try await HostCluster.with { cluster in
            try await cluster.write("k", "0")
            let leader = try await cluster.leader()
            let follower = try cluster.group(on: leader % 3 + 1)
            guard case .refused(.notLeader) = await follower.readBarrier() else {
                Issue.record("a follower answered as if it led")
                return
            }
            for round in 1...20 {
                try await cluster.write("k", "\(round)")
                #expect(await follower.readBarrier(anywhere: true) == .ready)
                #expect(follower.state.values["k"] == "\(round)")
            }
            let bound = try await cluster.until("the follower knows its age") {
                follower.staleness
            }
            #expect(bound < .seconds(2))
            try cluster.host(leader % 3 + 1).isCutOff = true
            #expect(await follower.readBarrier(anywhere: true) != .ready)
            try await cluster.until("it knows that it grows old") {
                (follower.staleness ?? .seconds(9)) > .milliseconds(200) ? () : nil
            }
        }
    }

    @Test func `messages for a host that is away are dropped, not hoarded`() async throws {
        try await HostCluster.with(starting: [1, 2]) { cluster in
            let leader = try await cluster.leader()
            try await cluster.write(1...20)
            let link = try #require(try cluster.host(leader).links[NodeID(3)])
            #expect(!link.isUp)
            #expect(link.droppedCount > 0)
            #expect(link.gatheredCount == 0)
        }
    }
}

struct FailingLogTests {
    @Test func `a failed fsync ends the process before anybody is told`() async {
        await #expect(processExitsWith: .exitCode(70)) {
            let disk = Disk()
            var journal = JournalOptions()
            journal.beforeOperation = { operation in
                guard case .sync = operation, disk.isBroken.load(ordering: .relaxed) else {
                    return nil
                }
                return .inputOutput
            }
            try await HostCluster.with(hosts: 1, groups: 2, journal: journal) { cluster in
                try await cluster.write("k", "1", to: 1)
                disk.isBroken.store(true, ordering: .relaxed)
                let outcome = try await cluster.group(2, on: 1).propose(bytes("k=2"))
                if case .applied = outcome { CurrentProcess.exit(1) }
                CurrentProcess.exit(2)
            }
        }
    }
}

private final class Disk: Sendable {
    let isBroken = Atomic<Bool>(false)
}
