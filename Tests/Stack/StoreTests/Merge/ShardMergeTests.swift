// Shards that are merged while clients write: every acknowledged write is there exactly once, on the one
// shard that is left, or on the two that nothing came of.

import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ShardMergeTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    private func writers(
        _ cluster: ShardCluster, rounds: Int, client: String
    ) -> [Task<Void, any Error>] {
        (0..<4).map { lane in
            Task { @ReactorActor in
                try await cluster.count(
                    users: lane * 10 + 1...lane * 10 + 10, rounds: rounds, client: client)
            }
        }
    }

    /// One node at the most answers for each user.
    private func expectOneOwner(
        _ cluster: ShardCluster, users: ClosedRange<Int>
    ) async throws {
        for user in users {
            var owners = 0
            for name in cluster.names {
                if case .bulk = try await cluster.ask(name, "GET", "{u\(user)}:n") { owners += 1 }
            }
            #expect(owners <= 1, "user \(user)")
        }
    }

    @Test func `two shards on different nodes become one under load`() async throws {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let load = writers(cluster, rounds: 20, client: "w")
            try await cluster.merge(0, with: 1)
            try await cluster.until("every node has let go of 1") {
                cluster.nodes(of: 1).isEmpty ? () : nil
            }
            for writer in load { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 21)
            #expect(cluster.nodes(of: 0) == ["store-1-1", "store-1-2", "store-1-3"])
            try await expectOneOwner(cluster, users: 1...5)
            // And again after the crash of everybody.
            for name in cluster.names { try await cluster.stop(name) }
            for name in cluster.names { try cluster.start(name) }
            try await cluster.expectCounts(users: 1...40, 21)
            #expect(cluster.nodes(of: 1).isEmpty)
        }
    }

    @Test func `halves are merged again and again, and split again`() async throws {
        try await ShardCluster.with(limits: shortLog) { cluster in
            let load = writers(cluster, rounds: 25, client: "w")
            for _ in 0..<3 {
                let child = try await cluster.split(0)
                _ = try await cluster.leader(of: child)
                try await cluster.merge(0, with: child)
            }
            for writer in load { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 25)
            // Keys that the splits left behind have not come to life again.
            let leader = try await cluster.server(cluster.leader(of: 0))
            let table = try #require(leader.shards[GroupID(0)]).state.table
            #expect(table.ties.absorbed.count == 3)
            #expect(try table.usage().keyCount == 40)
        }
    }

    @Test func `requests that were answered before a merge are answered the same after it`()
        async throws
    {
        try await ShardCluster.with(shards: 2) { cluster in
            for _ in 0..<2 {
                for user in 1...20 {
                    #expect(
                        try await cluster.call(
                            "INCRBY", "{u\(user)}:n", "5", "ID", "c\(user)", "1") == .integer(5))
                }
                try await cluster.merge(1, with: 0)
            }
            try await cluster.until("every node has let go of 0") {
                cluster.nodes(of: 0).isEmpty ? () : nil
            }
        }
    }

    /// Stops the coordinator of a merge of 0 with 1 in the middle of it, and starts it again.
    private func killCoordinator(_ cluster: ShardCluster, at moment: MergeMoment) async throws {
        let name = try await cluster.leader(of: 0)
        let reached = Promise<Bool>()
        let gone = Promise<Bool>()
        try cluster.server(name).mergePause = { place in
            guard place == moment else { return }
            reached.fulfil(true)
            _ = await gone.value()
        }
        let asked = Task { @ReactorActor in
            try await cluster.ask(name, "SHARD", "MERGE", "0", "1")
        }
        _ = await reached.value(deadline: soon())
        try cluster.server(name).mergePause = { _ in }
        let stopping = Task { @ReactorActor in try await cluster.stop(name) }
        try await cluster.until("\(name) stops") {
            cluster.servers[name] == nil ? () : nil
        }
        gone.fulfil(true)
        _ = try? await asked.value
        try await stopping.value
        try cluster.start(name)
    }

    @Test(arguments: MergeMoment.allCases)
    func `a coordinator that dies leaves one answer or the other`(_ moment: MergeMoment)
        async throws
    {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let load = writers(cluster, rounds: 6, client: "w")
            try await killCoordinator(cluster, at: moment)
            for writer in load { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 7)
            try await expectOneOwner(cluster, users: 1...5)
            // Whatever was left can be asked for again.
            try await cluster.merge(0, with: 1)
            try await cluster.expectCounts(users: 1...40, 7)
        }
    }

    @Test func `a merge that is asked for anew at once does not keep the shard frozen`()
        async throws
    {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            try await killCoordinator(cluster, at: .frozen)
            // Nobody waits until the sweep has found out what became of the first one.
            let load = writers(cluster, rounds: 6, client: "w")
            try await cluster.merge(0, with: 1)
            for writer in load { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 7)
        }
    }

    /// Stops the coordinator of a merge of 0 with 1 at a moment; gives what lets it go on, and its answer.
    private func holdMerge(
        _ cluster: ShardCluster, at moment: MergeMoment
    ) async throws -> (leader: String, goOn: Promise<Bool>, answer: Task<RESPValue, any Error>) {
        let name = try await cluster.leader(of: 0)
        let reached = Promise<Bool>()
        let goOn = Promise<Bool>()
        try cluster.server(name).mergePause = { place in
            guard place == moment else { return }
            reached.fulfil(true)
            _ = await goOn.value()
        }
        let answer = Task { @ReactorActor in
            try await cluster.askPatiently(name, "SHARD", "MERGE", "0", "1")
        }
        #expect(await reached.value(deadline: soon()) == true)
        return (name, goOn, answer)
    }

    @Test func `both shards go on while one is copied into the other`() async throws {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            _ = try await cluster.leader(of: 1)
            let held = try await holdMerge(cluster, at: .copied)
            // All rows are there already, and none of them is what it was.
            try await cluster.count(users: 1...20, rounds: 10, client: "b")
            try await cluster.expectCounts(users: 1...20, 11)
            for user in 1...5 {
                _ = try await cluster.call("DEL", "{u\(user)}:n", "ID", "d", "\(user)")
            }
            held.goOn.fulfil(true)
            #expect(try await held.answer.value == .integer(0))
            try await cluster.expectCounts(users: 6...20, 11)
            for user in 1...5 {
                #expect(try await cluster.call("GET", "{u\(user)}:n") == .null)
                // A late copy of what had been done before the merge.
                let late = try await cluster.call(
                    "INCRBY", "{u\(user)}:n", "1", "ID", "b-\(user)", "\(100_000 + user)")
                #expect(late == .integer(11))
            }
        }
    }

    /// With a short patience, so that what is neglected ends soon.
    private var hasty: TransactionLimits {
        var patience = TransactionLimits()
        patience.lifetime = .milliseconds(500)
        return patience
    }

    @Test(arguments: [MergeMoment.frozen, .ready])
    func `a coordinator that wakes up late finds that the other shard goes on`(
        _ moment: MergeMoment
    ) async throws {
        try await ShardCluster.with(shards: 2, patience: hasty) { cluster in
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            let held = try await holdMerge(cluster, at: moment)
            // All of the users, so the frozen ones, too.
            try await cluster.count(users: 1...20, rounds: 2, client: "b")
            held.goOn.fulfil(true)
            #expect(try await held.answer.value.errorCode == "UNAVAILABLE")
            try await cluster.expectCounts(users: 1...20, 3)
            try await cluster.merge(0, with: 1)
            try await cluster.expectCounts(users: 1...20, 3)
        }
    }

    @Test func `a frozen shard goes on although the one that was to grow is gone`() async throws {
        let first = ["store-1-1", "store-1-2", "store-1-3"]
        try await ShardCluster.with(shards: 2, patience: hasty) { cluster in
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            let held = try await holdMerge(cluster, at: .frozen)
            let stopping = first.map { name in
                Task { @ReactorActor in try await cluster.stop(name) }
            }
            try await cluster.until("the one that was to grow is gone") {
                first.allSatisfy { cluster.servers[$0] == nil } ? () : nil
            }
            held.goOn.fulfil(true)
            for task in stopping { try await task.value }
            _ = try? await held.answer.value
            let users = (1...20).filter { ShardKey.shard(of: "{u\($0)}", count: 2) == 1 }
            for user in users {
                try await cluster.count(users: user...user, rounds: 1, client: "b")
            }
            for name in first { try cluster.start(name) }
            for user in users { try await cluster.expectCounts(users: user...user, 2) }
            try await cluster.merge(0, with: 1)
            for user in users { try await cluster.expectCounts(users: user...user, 2) }
        }
    }

    @Test func `a merge with a shard that is away changes nothing`() async throws {
        try await ShardCluster.with(shards: 2) { cluster in
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            for name in ["store-2-1", "store-2-2"] {
                try cluster.server(name).host.isCutOff = true
            }
            let leader = try await cluster.leader(of: 0)
            let answer = try await cluster.askPatiently(leader, "SHARD", "MERGE", "0", "1")
            #expect(answer.errorCode == "UNAVAILABLE")
            let ties = try #require(try cluster.server(leader).shards[GroupID(0)]).state.table.ties
            #expect(ties.absorbing == nil)
            #expect(ties.absorbed.isEmpty)
            for name in ["store-2-1", "store-2-2"] {
                try cluster.server(name).host.isCutOff = false
            }
            try await cluster.count(users: 1...20, rounds: 1, client: "b")
            try await cluster.expectCounts(users: 1...20, 2)
            try await cluster.merge(0, with: 1)
            try await cluster.expectCounts(users: 1...20, 2)
        }
    }

    @Test func `constant transactions across two shards do not keep them from merging`()
        async throws
    {
        try await ShardCluster.with(shards: 2) { cluster in
            let first = (1...50).map { "{u\($0)}:n" }.filter {
                ShardKey.shard(of: $0, count: 2) == 0
            }
            let second = (1...50).map { "{u\($0)}:n" }.filter {
                ShardKey.shard(of: $0, count: 2) == 1
            }
            let isOver = Box(false)
            let lanes = (0..<4).map { lane in
                Task { @ReactorActor () -> Int in
                    var count = 0
                    while !isOver.value {
                        count += 1
                        _ = try await cluster.call(
                            "TXN", "THEN", "INCRBY", first[lane], "1", "INCRBY", second[lane], "-1",
                            "ID", "t\(lane)", "\(count)")
                    }
                    return count
                }
            }
            _ = try await cluster.leader(of: 1)
            try await cluster.merge(0, with: 1)
            isOver.value = true
            for (lane, task) in lanes.enumerated() {
                let count = try await task.value
                #expect(try await cluster.call("GET", first[lane]) == .bulk("\(count)"))
                #expect(try await cluster.call("GET", second[lane]) == .bulk("-\(count)"))
            }
        }
    }

    @Test func `what cannot be merged is refused`() async throws {
        try await ShardCluster.with(shards: 3) { cluster in
            let leader = try await cluster.leader(of: 0)
            for words in [["0"], ["0", "0"], ["0", "x"], ["0", "9"]] {
                let reply = try await cluster.ask(leader, ["SHARD", "MERGE"] + words)
                #expect(reply.errorCode == "ERR", "\(words)")
            }
            // No neighbours.
            let far = try await cluster.ask(leader, "SHARD", "MERGE", "0", "2")
            #expect(far.errorCode == "UNAVAILABLE")
        }
    }

    @ReactorActor
    private final class Box {
        var value: Bool
        init(_ value: Bool) { self.value = value }
    }
}
