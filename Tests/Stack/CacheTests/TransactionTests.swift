// MULTI, EXEC, WATCH and DISCARD, and channels.

import Testing

@testable import Cache

@Suite struct TransactionTests {
    @Test func `queued commands run together and are answered together`() throws {
        var session = EngineSession()
        #expect(try session.send("MULTI") == "+OK")
        #expect(try session.send("SET k 1") == "+QUEUED")
        #expect(try session.send("INCR k") == "+QUEUED")
        #expect(try session.send("LPUSH k x") == "+QUEUED")
        #expect(session.engine.keyspace.count == 0)
        let wrongType = CollectionCommandTests.wrongType
        #expect(try session.send("EXEC") == "*3 +OK :2 \(wrongType)")
        #expect(try session.send("GET k") == "$1 2")
        #expect(try session.send("EXEC") == "-ERR EXEC without MULTI")
    }

    @Test func `a refused command breaks the transaction`() throws {
        var session = EngineSession()
        _ = try session.send("MULTI")
        #expect(try session.send("SET k 1") == "+QUEUED")
        #expect(try session.send("SET k").hasPrefix("-ERR wrong number"))
        #expect(try session.send("MULTI") == "-ERR MULTI calls can not be nested")
        #expect(
            try session.send("EXEC")
                == "-EXECABORT Transaction discarded because of previous errors.")
        #expect(try session.send("EXISTS k") == ":0")
    }

    @Test func `discarded commands do not run`() throws {
        var session = EngineSession()
        _ = try session.send("MULTI")
        _ = try session.send("SET k 1")
        #expect(try session.send("DISCARD") == "+OK")
        #expect(try session.send("EXISTS k") == ":0")
        #expect(try session.send("DISCARD") == "-ERR DISCARD without MULTI")
    }

    @Test(arguments: [
        ("SET k 2", "*-1"), ("DEL k", "*-1"), ("FLUSHALL", "*-1"), ("APPEND k x", "*-1"),
        ("GET k", "*1 +OK"), ("SET j 2", "*1 +OK"),
    ])
    func `EXEC runs only if nobody changed what is watched`(line: String, answer: String) throws {
        var session = EngineSession()
        _ = try session.send("SET k 1")
        #expect(try session.send("WATCH k none") == "+OK")
        let own = session.client
        session.client = ClientState(id: 8)
        _ = try session.send(line)
        session.client = own
        _ = try session.send("MULTI")
        _ = try session.send("SET done 1")
        #expect(try session.send("EXEC") == answer)
        #expect(session.client.watched.isEmpty)
        #expect(session.engine.keyspace.watches.isEmpty)
    }

    @Test func `a key that comes and goes under watch counts as changed`() throws {
        var session = EngineSession()
        _ = try session.send("WATCH k")
        let own = session.client
        session.client = ClientState(id: 8)
        _ = try session.send("SET k 1")
        _ = try session.send("DEL k")
        session.client = own
        _ = try session.send("MULTI")
        _ = try session.send("SET done 1")
        #expect(try session.send("EXEC") == "*-1")
    }

    @Test func `messages go to channels and patterns, and to nobody who left`() throws {
        var session = EngineSession()
        #expect(try session.send("SUBSCRIBE news") == "*3 $9 subscribe $4 news :1")
        #expect(try session.send("PSUBSCRIBE n*") == "*3 $10 psubscribe $2 n* :2")
        #expect(try session.send("PING") == "*2 $4 pong $0 ")
        #expect(try session.send("GET k").hasPrefix("-ERR Can't execute 'get'"))
        let listener = session.client
        session.client = ClientState(id: 8)
        #expect(try session.send("PUBLISH news hi") == ":2")
        #expect(try session.send("PUBLISH other hi") == ":0")
        #expect(try session.send("PUBSUB CHANNELS") == "*1 $4 news")
        #expect(try session.send("PUBSUB NUMSUB news x") == "*4 $4 news :1 $1 x :0")
        let deliveries = session.engine.subscriptions.deliveries
        #expect(deliveries.map(\.client) == [7, 7])
        #expect(deliveries.map { $0.pattern == nil } == [true, false])
        session.client = listener
        #expect(try session.send("UNSUBSCRIBE") == "*3 $11 unsubscribe $4 news :1")
        #expect(try session.send("PUNSUBSCRIBE n*") == "*3 $12 punsubscribe $2 n* :0")
        #expect(try session.send("PUBLISH news hi") == ":0")
    }
}
