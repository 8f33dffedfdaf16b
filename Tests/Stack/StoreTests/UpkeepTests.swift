// Comparing replicas, and taking a shard's keys out and in again.

import Blueprint
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct UpkeepTests {
    private static var eager: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 1
        return limits
    }

    @Test func `replicas that agree are told so, and one that was altered is named`() async throws {
        try await Cluster.with(limits: Self.eager) { cluster in
            try await cluster.write(1...20)
            let verifier = ShardVerifier((1...3).map(cluster.member))
            guard case .same = await verifier.verify(deadline: soon()) else {
                Issue.record("intact replicas are the same")
                return
            }
            try await cluster.settle()
            let victim = try await cluster.leader() % 3 + 1
            let folder = try cluster.server(victim).replica.state.folder
            try await cluster.stop(victim)
            try alter("k7", in: folder)
            try cluster.start(victim)
            let verdict = await verifier.verify(deadline: soon())
            guard case .differs(let name, _, let sum, let expected) = verdict else {
                Issue.record("an altered replica is found, not \(verdict)")
                return
            }
            #expect(name == cluster.member(victim).name)
            #expect(sum != expected)
        }
    }

    /// Edits one value in a state that no process has open, leaving its version alone.
    private func alter(_ key: String, in folder: String) throws {
        let environment = try LMDBEnvironment(path: StateTables.path(in: folder), mapSize: 64 << 20)
        let transaction = try environment.begin()
        let tables = try StateTables(transaction, creating: false)
        var row = try #require(try transaction.value(of: bytes(key), in: tables.data))
        row[row.count - 1] ^= 1
        try transaction.put(row, for: bytes(key), in: tables.data)
        try transaction.commit()
    }

    @Test func `a replica that cannot be asked leaves the question open`() async throws {
        try await Cluster.with { cluster in
            _ = try await cluster.leader()
            try await cluster.write(1...2)
            let away = try await cluster.leader() % 3 + 1
            try await cluster.stop(away)
            let verdict = await ShardVerifier((1...3).map(cluster.member)).verify(
                deadline: .now() + .seconds(3))
            guard case .unknown = verdict else {
                Issue.record("it was not verified: \(verdict)")
                return
            }
        }
    }

    @Test func `the odd one out is named, and without a majority nobody is`() {
        let same = ShardVerifier.judge([("a", 1), ("b", 1), ("c", 1)], at: 9)
        #expect(same == .same(index: 9, sum: 1))
        let odd = ShardVerifier.judge([("a", 1), ("b", 2), ("c", 1)], at: 9)
        #expect(odd == .differs(replica: "b", index: 9, sum: 2, expected: 1))
        let none = ShardVerifier.judge([("a", 1), ("b", 2), ("c", 3)], at: 9)
        #expect(none == .noMajority(index: 9))
    }

    @Test func `every table counts, and a row cannot hide in another`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        func sum() throws -> UInt32 {
            try state.checkpoint()
            let result = state.beginChecksum().perform()
            state.finishChecksum(result)
            return try result.get().sum
        }
        var sums = [try sum()]
        try state.apply(.set("a", "b", nil))
        sums.append(try sum())
        try state.apply(.set("ab", "", nil))
        sums.append(try sum())
        try state.apply(.delete("a"))
        sums.append(try sum())
        try state.apply(StoreCommand(request: nil, action: .openSession))
        sums.append(try sum())
        #expect(Set(sums).count == sums.count)
        #expect(try sum() == sums.last)
    }

    @Test func `what comes while a checksum is taken has no part in it`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("a", "b", nil))
        try state.checkpoint()
        let before = state.beginChecksum().perform()
        state.finishChecksum(before)
        let work = state.beginChecksum()
        try state.apply(.set("a", "c", nil))
        try state.apply(.set("z", "d", nil))
        // Its pages would be taken from under the reader.
        #expect(try state.beginCheckpoint() == nil)
        #expect(try state.text("a") == "c")
        #expect(try work.perform().get() == before.get())
        state.finishChecksum(before)
        #expect(try state.beginCheckpoint() != nil)
    }

    @Test func `clients are answered while a checksum is taken, and the replicas agree`()
        async throws
    {
        try await Cluster.with { cluster in
            try await cluster.write(1...20)
            let leader = try await cluster.leader()
            let begun = Promise<Bool>()
            let goOn = Promise<Bool>()
            let state = try cluster.server(leader).replica.state
            state.checksumPause = {
                begun.fulfil(true)
                _ = await goOn.value()
            }
            let verdict = Task { @ReactorActor in
                await ShardVerifier((1...3).map(cluster.member)).verify(deadline: soon())
            }
            #expect(await begun.value(deadline: soon()) == true)
            try await cluster.write(21...60)
            try await cluster.expectWritten(1...60)
            #expect(try cluster.server(leader).replica.isLeader)
            #expect(state.isTakingChecksum)
            #expect(state.isFree)
            goOn.fulfil(true)
            guard case .same = await verdict.value else {
                Issue.record("replicas that took the same entries are the same")
                return
            }
        }
    }

    // MARK: Backup

    @Test func `a backup brings every key back into an empty shard`() async throws {
        let path = "/tmp/store-tests-backup-\(CurrentProcess.id)"
        defer { try? File.remove(path) }
        try await Cluster.with { cluster in
            try await cluster.write(1...300)
            let follower = try await cluster.leader() % 3 + 1
            // A follower's backup has what was acknowledged before, too.
            let index = try #require(try await cluster.ask(follower, "BACKUP", path).integer)
            #expect(index >= 300)
            #expect(try await cluster.ask(follower, "BACKUP", path).errorCode == "ERR")
            #expect(try await cluster.ask(follower, "BACKUP", "relative").errorCode == "ERR")
            try await cluster.write(301...310)
        }
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            #expect(try await cluster.ask(leader, "RESTORE", path) == .integer(300))
            try await cluster.expectWritten(1...300)
            #expect(try await cluster.ask(leader, "GET", "k301") == .null)
            #expect(try await cluster.ask(leader, "RESTORE", path).errorCode == "ERR")
            #expect(try await cluster.ask(leader, "RESTORE", path, "FORCE") == .integer(300))
        }
    }

    @Test func `a damaged backup is refused before anything is written`() async throws {
        let path = "/tmp/store-tests-damaged-\(CurrentProcess.id)"
        defer { try? File.remove(path) }
        try await Cluster.with(replicas: 1) { cluster in
            let leader = try await cluster.leader()
            try await cluster.write(1...50)
            _ = try await cluster.ask(leader, "BACKUP", path)
        }
        let intact = try File.contents(of: path)
        _ = try BackupFile.check(path)
        try await Cluster.with(replicas: 1) { cluster in
            let leader = try await cluster.leader()
            for place in [intact.count / 2, intact.count - 1, intact.count - 30, intact.count - 52]
            {
                var damaged = intact
                damaged[place] ^= 1
                try File.save(damaged, to: path)
                #expect(try await cluster.ask(leader, "RESTORE", path).errorCode == "ERR")
            }
            for cut in [Array(intact.dropLast()), Array(intact.dropFirst()), []] {
                try File.save(cut, to: path)
                #expect(try await cluster.ask(leader, "RESTORE", path).errorCode == "ERR")
            }
            #expect(try await cluster.ask(leader, "RANGE", "k", "1") == .array([]))
            try File.save(intact, to: path)
            #expect(try await cluster.ask(leader, "RESTORE", path) == .integer(50))
        }
    }

    // MARK: Reads elsewhere

    @Test func `a follower reads what was acknowledged, and says how old what it has may be`()
        async throws
    {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            let follower = leader % 3 + 1
            for number in 1...20 {
                #expect(try await cluster.ask(leader, "SET", "k", "\(number)") == .simple("OK"))
                #expect(
                    try await cluster.ask(follower, "GET", "k", "FOLLOWER") == .bulk("\(number)"))
                #expect(
                    try await cluster.ask(follower, "RANGE", "k", "5", "FOLLOWER")
                        == .array([.bulk("k"), .bulk("\(number)")]))
            }
            let pair = try #require(
                try await cluster.ask(follower, "GET", "k", "STALE", "10000").elements)
            #expect(pair.first == .bulk("20"))
            #expect((0...10_000).contains(try #require(pair.last?.integer)))
            let three = try await cluster.ask(follower, "GET", "k", "VERSION", "STALE", "10000")
            #expect(three.elements?.count == 3)
            #expect(
                try await cluster.ask(follower, "GET", "k", "STALE", "0").errorCode == "TOOSTALE")
        }
    }

    @Test func `a follower that is cut off reads nothing linearizable and refuses its bound`()
        async throws
    {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            let follower = leader % 3 + 1
            #expect(try await cluster.ask(leader, "SET", "k", "old") == .simple("OK"))
            try await cluster.settle()
            try cluster.server(follower).isCutOff = true
            #expect(try await cluster.ask(leader, "SET", "k", "new") == .simple("OK"))
            _ = try await cluster.until("the cut-off follower knows that it is behind") {
                try await cluster.ask(follower, "GET", "k", "STALE", "300").errorCode
                    == "TOOSTALE" ? true : nil
            }
            let code = try await cluster.ask(follower, "GET", "k", "FOLLOWER").errorCode
            #expect(code == "UNAVAILABLE" || code == "NOTLEADER")
        }
    }
}
