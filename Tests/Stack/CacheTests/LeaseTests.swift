// Leases: one fills, the others wait, and no fill outlives a change.

import Testing

@testable import Cache

@Suite struct LeaseTests {
    private func token(_ reply: String) throws -> Int64 {
        let words = reply.split(separator: " ")
        try #require(words.count == 4 && words[2] == "FILL", "\(reply)")
        return try #require(Int64(words[3].dropFirst()))
    }

    @Test func `the first to miss fills and the others wait for it`() throws {
        var session = EngineSession()
        let token = try token(session.send("LEASE GET k 1000"))
        #expect(try session.send("LEASE GET k 1000") == "*3 $4 WAIT :1000 :\(token)")
        #expect(try session.send("LEASE SET k \(token) v PX 5000") == "+OK")
        #expect(try session.send("LEASE GET k 1000") == "*3 $3 HIT $1 v :5000")
        #expect(try session.send("LEASE SET k \(token) w PX 5000") == "$-1", "used up")
        #expect(session.engine.keyspace.leases.statistics.granted == 1)
        #expect(session.engine.keyspace.leases.statistics.waits == 1)
    }

    @Test(arguments: ["DEL k", "SET k new", "FLUSHALL", "APPEND k x", "LPUSH k x"])
    func `a change makes the token void`(_ change: String) throws {
        var session = EngineSession()
        let token = try token(session.send("LEASE GET k 1000"))
        _ = try session.send(change)
        let before = try session.send("EXISTS k")
        #expect(try session.send("LEASE SET k \(token) stale PX 5000") == "$-1")
        #expect(try session.send("EXISTS k") == before)
        #expect(session.engine.keyspace.leases.statistics.refused == 1)
        #expect(session.engine.keyspace.leases.statistics.voided == 1)
    }

    @Test func `another key's change does not`() throws {
        var session = EngineSession()
        let token = try token(session.send("LEASE GET k 1000"))
        _ = try session.send("DEL j")
        _ = try session.send("SET i v")
        #expect(try session.send("LEASE SET k \(token) v PX 5000") == "+OK")
    }

    @Test func `a holder that does not come back is followed by the next`() throws {
        var session = EngineSession()
        let first = try token(session.send("LEASE GET k 1000"))
        session.milliseconds += 1000
        let second = try token(session.send("LEASE GET k 1000"))
        #expect(first != second)
        #expect(try session.send("LEASE SET k \(first) late PX 5000") == "$-1")
        #expect(try session.send("LEASE SET k \(second) v PX 5000") == "+OK")
        #expect(try session.send("GET k") == "$1 v")
    }

    @Test func `a lease given back lets the next fill at once`() throws {
        var session = EngineSession()
        let first = try token(session.send("LEASE GET k 1000"))
        #expect(try session.send("LEASE DROP k \(first)") == ":1")
        #expect(try session.send("LEASE DROP k \(first)") == ":0")
        _ = try token(session.send("LEASE GET k 1000"))
    }

    @Test func `a key that is there can be taken to be refreshed`() throws {
        var session = EngineSession()
        _ = try session.send("SET k old PX 5000")
        let token = try token(session.send("LEASE TAKE k 1000"))
        #expect(try session.send("LEASE GET k 1000") == "*3 $3 HIT $3 old :5000")
        #expect(try session.send("LEASE TAKE k 1000") == "*3 $4 WAIT :1000 :\(token)")
        #expect(try session.send("LEASE SET k \(token) new PX 9000") == "+OK")
        #expect(try session.send("LEASE GET k 1000") == "*3 $3 HIT $3 new :9000")
    }

    @Test(arguments: ["LEASE GET k 0", "LEASE GET k 60001", "LEASE GET k x", "LEASE DANCE k 1"])
    func `what is no lease is refused`(_ line: String) throws {
        var session = EngineSession()
        #expect(try session.send(line).hasPrefix("-ERR"))
        #expect(session.engine.keyspace.leases.isEmpty)
    }

    @Test func `leases are bounded, and past the bound nobody waits`() {
        var table = LeaseTable(firstToken: 1)
        let now = CacheTime(milliseconds: 0)
        for number in 0..<LeaseTable.countMax {
            let key = Array("k\(number)".utf8)
            #expect(table.take(key.span, holding: 1000, at: now) != nil)
        }
        let more = Array("more".utf8)
        #expect(table.take(more.span, holding: 1000, at: now) == nil)
        let later = CacheTime(milliseconds: 1000)
        #expect(table.take(more.span, holding: 1000, at: later) != nil)
        #expect(table.count == 1)
    }
}
