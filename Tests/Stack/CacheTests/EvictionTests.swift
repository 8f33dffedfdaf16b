// Which key goes under each policy, and what a cache does that may let none go.

import Blueprint
import Testing

@testable import Cache

@Suite struct EvictionTests {
    /// Room for `count` keys of one letter with one byte each.
    private func session(_ policy: EvictionPolicy, room count: Int) -> EngineSession {
        EngineSession(
            memoryLimit: count * Entry.cost(keyCount: 1, valueCount: 1), policy: policy)
    }

    private func left(_ session: inout EngineSession, _ names: String...) throws -> [String] {
        var left: [String] = []
        for name in names where try session.send("EXISTS \(name)") == ":1" { left.append(name) }
        return left
    }

    @Test func `noeviction refuses what does not fit and keeps all`() throws {
        var session = session(.noeviction, room: 2)
        #expect(try session.send("SET a 1") == "+OK")
        #expect(try session.send("SET b 1") == "+OK")
        let refusal = "-OOM command not allowed when used memory > 'maxmemory'."
        #expect(try session.send("SET c 1") == refusal)
        #expect(try session.send("LPUSH c 1") == refusal)
        #expect(try session.send("SET a 2") == "+OK", "no more room is needed")
        #expect(try left(&session, "a", "b", "c") == ["a", "b"])
        #expect(session.engine.keyspace.statistics.evicted == 0)
        #expect(session.engine.keyspace.statistics.refused == 2)
    }

    @Test func `allkeys-lfu lets the seldom used go, however lately it was used`() throws {
        var session = session(.allkeysLFU, room: 3)
        for name in ["a", "b", "c"] { _ = try session.send("SET \(name) 1") }
        for _ in 0..<200 {
            _ = try session.send("GET a")
            _ = try session.send("GET b")
        }
        _ = try session.send("GET c")
        #expect(try session.send("SET d 1") == "+OK")
        #expect(try left(&session, "a", "b", "c", "d") == ["a", "b", "d"])
        #expect(try Int(session.send("OBJECT FREQ a").dropFirst()).map { $0 > 5 } == true)
        #expect(try session.send("OBJECT IDLETIME a").hasPrefix("-ERR An LFU"))
    }

    @Test func `the frequency decays a count a minute`() throws {
        var usage = EntryUsage()
        let tuning = FrequencyTuning()
        usage.begin(at: CacheTime(milliseconds: 0))
        for _ in 0..<10 { usage.count(at: CacheTime(milliseconds: 0), tuning, chance: 0) }
        #expect(usage.frequency(at: CacheTime(milliseconds: 0), tuning) == 15)
        #expect(usage.frequency(at: CacheTime(milliseconds: 4 * 60_000), tuning) == 11)
        #expect(usage.frequency(at: CacheTime(milliseconds: 60 * 60_000), tuning) == 0)
        usage.count(at: CacheTime(milliseconds: 0), tuning, chance: 0.999)
        #expect(usage.counter == 15, "ten above the start, one in 101 counts")
    }

    @Test func `volatile-ttl lets the one go that expires first`() throws {
        var session = session(.volatileTTL, room: 3)
        _ = try session.send("SET a 1")
        _ = try session.send("SET b 1 PX 9000")
        _ = try session.send("SET c 1 PX 5000")
        #expect(try session.send("SET d 1") == "+OK")
        #expect(try left(&session, "a", "b", "c", "d") == ["a", "b", "d"])
        #expect(try session.send("SET e 1") == "+OK")
        #expect(try left(&session, "a", "b", "d", "e") == ["a", "d", "e"])
        #expect(try session.send("SET f 1").hasPrefix("-OOM"), "none expires any more")
    }

    @Test func `volatile-lru lets the least lately used of those that expire go`() throws {
        var session = session(.volatileLRU, room: 3)
        _ = try session.send("SET a 1")
        session.milliseconds += 100
        _ = try session.send("SET b 1 PX 9000")
        session.milliseconds += 100
        _ = try session.send("SET c 1 PX 9000")
        session.milliseconds += 100
        _ = try session.send("GET b")
        #expect(try session.send("SET d 1") == "+OK")
        #expect(try left(&session, "a", "b", "c", "d") == ["a", "b", "d"])
    }

    @Test(arguments: EvictionPolicy.allCases)
    func `under any policy memory stays below the limit`(_ policy: EvictionPolicy) throws {
        var random = TestRandom(seed: 5)
        var session = EngineSession(memoryLimit: 20_000, policy: policy)
        for _ in 0..<3000 {
            let key = "k\(random.number(below: 300))"
            switch random.number(below: 5) {
            case 0:
                _ = try session.send(
                    "SET \(key) \(String(repeating: "x", count: random.number(below: 200)))")
            case 1: _ = try session.send("SET \(key) v PX \(1 + random.number(below: 500))")
            case 2: _ = try session.send("HSET h\(key) f\(random.number(below: 50)) v")
            case 3: _ = try session.send("LPUSH l\(key) v")
            default: _ = try session.send("GET \(key)")
            }
            session.milliseconds += 1
            try #require(session.engine.keyspace.usedMemory <= 20_000)
        }
        let statistics = session.engine.keyspace.statistics
        #expect(statistics.evicted + statistics.refused > 0)
        _ = try session.send("FLUSHALL")
        #expect(session.engine.keyspace.usedMemory == 0)
    }

    @Test func `CONFIG SET changes the policy and names a wrong one`() throws {
        var session = EngineSession()
        #expect(try session.send("CONFIG SET maxmemory-policy allkeys-lfu") == "+OK")
        #expect(
            try session.send("CONFIG GET maxmemory-policy")
                == "*2 $16 maxmemory-policy $11 allkeys-lfu")
        #expect(
            try session.send("CONFIG SET maxmemory-policy oldest").hasPrefix(
                "-ERR CONFIG SET failed"))
        #expect(session.engine.keyspace.policy == .allkeysLFU)
    }
}
