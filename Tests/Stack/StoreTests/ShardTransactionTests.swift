// Transactions across two real shards: coordinators that die at every moment, leaders that change,
// and money that must neither appear nor vanish.

import Endpoints
import Linux
import Reactor
import Replication
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ShardTransactionTests {
    private static var patient: TransactionLimits {
        var limits = TransactionLimits()
        limits.lifetime = .milliseconds(300)
        limits.sweepInterval = .milliseconds(50)
        return limits
    }

    @Test func `a transaction over two shards counts in both or in neither`() async throws {
        try await Cluster.withShards(2) { shards in
            let (a, b) = try keys(1)[0]
            let seeker = shards[0].seeker()
            let done = try await seeker.call(
                ["TXN", "IF", "ABSENT", b, "THEN", "SET", a, "1", "SET", b, "2", "ID", "c", "1"],
                deadline: soon()
            ).value
            #expect(done.elements?.first == .integer(1))
            #expect(try await read(a, shards[0]) == "1")
            #expect(try await read(b, shards[1]) == "2")
            let failed = try await seeker.call(
                ["TXN", "IF", "PRESENT", b, "ABSENT", a, "THEN", "SET", a, "3", "DEL", b],
                deadline: soon()
            ).value
            #expect(failed == .array([.integer(0), .integer(1)]))
            #expect(try await read(a, shards[0]) == "1")
            #expect(try await read(b, shards[1]) == "2")
            // Asked again, at another node of another shard.
            let again = try await shards[1].seeker().call(
                ["TXN", "IF", "ABSENT", b, "THEN", "SET", a, "1", "SET", b, "2", "ID", "c", "1"],
                deadline: soon()
            ).value
            #expect(again == done)
            try await expectNothingHeld(shards)
        }
    }

    @Test(arguments: [CoordinatorMoment.begun, .prepared])
    func `a coordinator that dies before the decision leaves an abort`(
        moment: CoordinatorMoment
    ) async throws {
        try await Cluster.withShards(2, patience: Self.patient) { shards in
            let (a, b) = try keys(1)[0]
            try await strand(shards, a, b, at: moment)
            // Readers and writers get on once it is resolved, and see nothing of it.
            #expect(try await read(a, shards[0]) == nil)
            #expect(try await read(b, shards[1]) == nil)
            _ = try await shards[1].seeker().call(["SET", b, "mine"], deadline: soon())
            try await expectNothingHeld(shards)
            #expect(try await read(a, shards[0]) == nil)
        }
    }

    @Test func `a coordinator that dies after the decision leaves a commit`() async throws {
        try await Cluster.withShards(2, patience: Self.patient) { shards in
            let (a, b) = try keys(1)[0]
            try await strand(shards, a, b, at: .decided)
            #expect(try await read(a, shards[0]) == "1")
            #expect(try await read(b, shards[1]) == "1")
            try await expectNothingHeld(shards)
        }
    }

    @Test func `new leaders on both sides end what their predecessors left`() async throws {
        try await Cluster.withShards(2, patience: Self.patient) { shards in
            let (a, b) = try keys(1)[0]
            let held = try await strand(shards, a, b, at: .decided, killing: false)
            defer { held.fulfil(true) }
            for shard in shards { try await shard.stop(try await shard.leader()) }
            #expect(try await read(a, shards[0]) == "1")
            #expect(try await read(b, shards[1]) == "1")
            try await expectNothingHeld(shards)
        }
    }

    @Test func `transfers with crashes conserve the total`() async throws {
        try await Cluster.withShards(2, patience: Self.patient) { shards in
            let bank = Bank(shards, try keys(4))
            try await bank.open()
            let transfers = Task { @ReactorActor in await bank.transferRegularly(lanes: 6) }
            for round in 0..<3 {
                let shard = shards[round % 2]
                try await bank.waitForTransfers(20)
                let victim = try await shard.leader()
                try await shard.stop(victim)
                try await bank.waitForTransfers(10)
                try shard.start(victim)
            }
            bank.isOpen = false
            await transfers.value
            try await expectNothingHeld(shards)
            let total = try await bank.total()
            #expect(total == bank.expectedTotal)
        }
    }

    @Test func `a coordinator that commits without its votes is caught by the total`()
        async throws
    {
        try await Cluster.withShards(2, replicas: 1, patience: Self.patient) { shards in
            for shard in shards {
                try shard.server(1).transactions.trustsEveryVote = true
            }
            let bank = Bank(shards, try keys(1))
            try await bank.open()
            let transfers = Task { @ReactorActor in await bank.transferRegularly(lanes: 6) }
            _ = try await bank.shardsUntil("money appears or vanishes") {
                try await bank.total() == bank.expectedTotal ? nil : true
            }
            bank.isOpen = false
            await transfers.value
        }
    }

    @Test func `conflicting transactions do not both count`() async throws {
        try await Cluster.withShards(2, replicas: 1) { shards in
            let (a, b) = try keys(1)[0]
            let calls = (1...12).map { number in
                // Half of them name the keys the other way round: another home, another order.
                let order = number.isMultiple(of: 2) ? [a, b] : [b, a]
                return Task { @ReactorActor in
                    try await shards[number % 2].seeker().call(
                        ["TXN", "IF", "ABSENT", order[0], "ABSENT", order[1], "THEN"]
                            + ["SET", order[0], "\(number)", "SET", order[1], "\(number)"]
                            + ["ID", "c\(number)", "1"], deadline: soon()
                    ).value
                }
            }
            var winners: [Int] = []
            for (place, call) in calls.enumerated() {
                let reply = try await call.value
                if reply.elements?.first == .integer(1) { winners.append(place + 1) }
            }
            #expect(winners.count == 1)
            let winner = try #require(winners.first)
            #expect(try await read(a, shards[0]) == "\(winner)")
            #expect(try await read(b, shards[1]) == "\(winner)")
            try await expectNothingHeld(shards)
        }
    }

    @Test func `names of the store's own are not for clients`() async throws {
        try await Cluster.withShards(2, replicas: 1) { shards in
            let (a, _) = try keys(1)[0]
            #expect(try await shards[0].ask(1, "SET", a, "1", "ID", "%0", "1").errorCode == "ERR")
            #expect(try await shards[0].ask(1, "TWOPHASE", "0", "junk").errorCode == "ERR")
            #expect(try await shards[0].ask(1, "TXNSTATUS", "1", "5").errorCode == "NOTLEADER")
            #expect(try await shards[0].ask(1, "TXNSTATUS", "0", "5") == .simple("aborted"))
        }
    }

    // MARK: Setting the stage

    /// Pairs of a key of shard 0 and one of shard 1.
    private func keys(_ count: Int) throws -> [(String, String)] {
        let all = (1...400).map { "{u\($0)}:money" }
        let first = all.filter { ShardKey.shard(of: $0, count: 2) == 0 }
        let second = all.filter { ShardKey.shard(of: $0, count: 2) == 1 }
        return Array(zip(first, second).prefix(count))
    }

    /// Lets a follower of shard 0 coordinate a transaction up to a moment, and kills it there, or
    /// holds it until the promise is fulfilled.
    @discardableResult
    private func strand(
        _ shards: [Cluster], _ a: String, _ b: String, at moment: CoordinatorMoment,
        killing: Bool = true
    ) async throws -> Promise<Bool> {
        let node = try await shards[0].leader() % 3 + 1
        let reached = Promise<Bool>()
        let goOn = Promise<Bool>()
        let server = try shards[0].server(node)
        server.transactions.pause = { reachedMoment in
            guard reachedMoment == moment else { return }
            reached.fulfil(true)
            _ = await goOn.value()
        }
        let client = shards[0].client(node)
        Task { @ReactorActor in
            _ = try? await client.call(
                ["TXN", "THEN", "SET", a, "1", "SET", b, "1"], deadline: soon())
        }
        #expect(await reached.value(deadline: soon()) == true)
        let state = try shards[0].server(try await shards[0].leader()).replica.state
        #expect(try state.table.preparedTransactions().isEmpty == (moment == .decided))
        guard killing else { return goOn }
        server.transactions.stop()
        _ = consume server
        goOn.fulfil(true)
        try await shards[0].stop(node)
        return goOn
    }

    private func read(_ key: String, _ shard: Cluster) async throws -> String? {
        try await shard.seeker().call(["GET", key], deadline: soon()).value.text
    }

    private func expectNothingHeld(_ shards: [Cluster]) async throws {
        for shard in shards {
            _ = try await shard.until("no transaction is left") { () async throws -> Bool? in
                let leader = try await shard.leader()
                let table = try shard.server(leader).replica.state.table
                if table.isCheckpointing { return nil }
                let prepared = try table.preparedTransactions()
                let committed = try table.committedTransactions()
                return prepared.isEmpty && committed.isEmpty ? true : nil
            }
        }
    }
}

/// Accounts in two shards and transfers between them.
@ReactorActor
private final class Bank {
    let shards: [Cluster]
    let accounts: [(String, String)]
    var isOpen = true
    private var transferCount = 0
    static let balance = 1000

    init(_ shards: [Cluster], _ accounts: [(String, String)]) {
        self.shards = shards
        self.accounts = accounts
    }

    var expectedTotal: Int64 { Int64(accounts.count * 2 * Self.balance) }

    func open() async throws {
        for (a, b) in accounts {
            for (key, shard) in [(a, shards[0]), (b, shards[1])] {
                let reply = try await shard.seeker().call(
                    ["SET", key, "\(Self.balance)"], deadline: soon())
                #expect(reply.value == .simple("OK"))
            }
        }
    }

    /// Moves money to and fro until the bank closes; every request is tried until it is answered.
    func transferRegularly(lanes: Int) async {
        let tasks = (0..<lanes).map { lane in
            Task { @ReactorActor in
                var number = 0
                while isOpen {
                    number += 1
                    await transfer(lane, number)
                }
            }
        }
        for task in tasks { await task.value }
    }

    private func transfer(_ lane: Int, _ number: Int) async {
        let (a, b) = accounts[(lane + number) % accounts.count]
        let (from, to) = number.isMultiple(of: 2) ? (a, b) : (b, a)
        let words = [
            "TXN", "THEN", "INCRBY", from, "-7", "INCRBY", to, "7", "ID", "lane\(lane)",
            "\(number)",
        ]
        let seeker = shards[(lane + number) % 2].seeker()
        while isOpen {
            let reply = try? await seeker.call(words, deadline: .now() + .seconds(3))
            if reply?.value.elements?.first == .integer(1) {
                transferCount += 1
                return
            }
        }
    }

    func waitForTransfers(_ more: Int) async throws {
        let target = transferCount + more
        _ = try await shardsUntil("\(more) more transfers") {
            self.transferCount >= target ? true : nil
        }
    }

    func shardsUntil(
        _ what: String, _ condition: @ReactorActor () async throws -> Bool?
    ) async throws -> Bool {
        try await shards[0].until(what, within: .seconds(60), condition)
    }

    /// The sum of all accounts as one moment shows it: read, then tested to be unchanged.
    func total() async throws -> Int64 {
        let deadline = MonotonicTime.now() + .seconds(30)
        while MonotonicTime.now() < deadline {
            if let total = try await totalIfStill() { return total }
        }
        throw Cluster.Overdue(what: "a moment without transfers")
    }

    private func totalIfStill() async throws -> Int64? {
        var sum: Int64 = 0
        var tests: [String] = []
        for (a, b) in accounts {
            for (key, shard) in [(a, shards[0]), (b, shards[1])] {
                let reply = try? await shard.seeker().call(
                    ["GET", key, "VERSION"], deadline: soon())
                guard let pair = reply?.value.elements, let amount = pair.first?.integer,
                    let version = pair.last?.integer
                else { return nil }
                sum += amount
                tests += ["VERSION", key, "\(version)"]
            }
        }
        let reply = try? await shards[0].seeker().call(
            ["TXN", "IF"] + tests, deadline: .now() + .seconds(3))
        return reply?.value.elements?.first == .integer(1) ? sum : nil
    }
}
