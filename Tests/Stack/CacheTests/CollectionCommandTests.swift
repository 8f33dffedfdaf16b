// The commands on hashes, lists, sets and sorted sets, as Redis 7.0.15 answers them.

import Testing

@testable import Cache

@Suite struct CollectionCommandTests {
    @Test(arguments: hashes + lists + sets + sortedSets + keys)
    func `a dialogue goes as Redis would have it`(_ dialogue: Dialogue) throws {
        try dialogue.play()
    }

    static let hashes: [Dialogue] = [
        Dialogue(
            "set and get fields", ("HSET h a 1 b 2", ":2"), ("HSET h a 3 c 4", ":1"),
            ("HGET h a", "$1 3"), ("HGET h x", "$-1"), ("HMGET h a x c", "*3 $1 3 $-1 $1 4"),
            ("HLEN h", ":3"), ("HEXISTS h a", ":1"), ("HEXISTS h x", ":0"), ("HSTRLEN h c", ":1"),
            ("HGETALL h", "*6 $1 a $1 3 $1 b $1 2 $1 c $1 4"), ("HKEYS h", "*3 $1 a $1 b $1 c"),
            ("HVALS h", "*3 $1 3 $1 2 $1 4"), ("HMSET h d 5", "+OK"), ("TYPE h", "+hash")),
        Dialogue(
            "an empty hash is gone", ("HSET h a 1", ":1"), ("HDEL h a x", ":1"),
            ("EXISTS h", ":0"), ("HDEL h a", ":0"), ("HGETALL h", "*0")),
        Dialogue(
            "counters in fields", ("HINCRBY h n 5", ":5"), ("HINCRBY h n -7", ":-2"),
            ("HSET h t x", ":1"), ("HINCRBY h t 1", "-ERR hash value is not an integer"),
            ("HSETNX h n 9", ":0"), ("HSETNX h m 9", ":1")),
        Dialogue(
            "half a pair", ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
            ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
            ("EXISTS h", ":0")),
    ]

    static let lists: [Dialogue] = [
        Dialogue(
            "both ends", ("RPUSH l b c", ":2"), ("LPUSH l a z", ":4"),
            ("LRANGE l 0 -1", "*4 $1 z $1 a $1 b $1 c"), ("LPOP l", "$1 z"), ("RPOP l", "$1 c"),
            ("LLEN l", ":2"), ("LPOP l 5", "*2 $1 a $1 b"), ("EXISTS l", ":0"),
            ("LPOP l", "$-1"), ("LPOP l 2", "*-1")),
        Dialogue(
            "ranges", ("RPUSH l a b c d e", ":5"), ("LRANGE l 1 2", "*2 $1 b $1 c"),
            ("LRANGE l -2 -1", "*2 $1 d $1 e"), ("LRANGE l 3 100", "*2 $1 d $1 e"),
            ("LRANGE l 4 1", "*0"), ("LINDEX l -1", "$1 e"), ("LINDEX l 9", "$-1"),
            ("LTRIM l 1 -2", "+OK"), ("LRANGE l 0 -1", "*3 $1 b $1 c $1 d")),
        Dialogue(
            "in the middle", ("RPUSH l a b a c a", ":5"), ("LREM l 2 a", ":2"),
            ("LRANGE l 0 -1", "*3 $1 b $1 c $1 a"), ("LSET l 0 x", "+OK"), ("LINDEX l 0", "$1 x"),
            ("LSET l 9 x", "-ERR index out of range"), ("LSET m 0 x", "-ERR no such key"),
            ("RPUSH r a b a", ":3"), ("LREM r -1 a", ":1"), ("LRANGE r 0 -1", "*2 $1 a $1 b")),
        Dialogue(
            "only where there is one", ("LPUSHX l a", ":0"), ("RPUSH l a", ":1"),
            ("RPUSHX l b", ":2"), ("LPUSHX l c", ":3"), ("LRANGE l 0 -1", "*3 $1 c $1 a $1 b")),
    ]

    static let sets: [Dialogue] = [
        Dialogue(
            "members", ("SADD s a b a", ":2"), ("SADD s b c", ":1"), ("SCARD s", ":3"),
            ("SISMEMBER s a", ":1"), ("SMISMEMBER s a x", "*2 :1 :0"),
            ("SMEMBERS s", "*3 $1 a $1 b $1 c"), ("SREM s a x", ":1"), ("SCARD s", ":2")),
        Dialogue(
            "popping", ("SADD s a", ":1"), ("SRANDMEMBER s", "$1 a"),
            ("SRANDMEMBER s -2", "*2 $1 a $1 a"), ("SRANDMEMBER s 5", "*1 $1 a"),
            ("SPOP s", "$1 a"), ("EXISTS s", ":0"), ("SPOP s", "$-1"), ("SPOP s 2", "*0")),
        Dialogue(
            "algebra", ("SADD a 1 2 3", ":3"), ("SADD b 2 3 4", ":3"),
            ("SINTER a b", "*2 $1 2 $1 3"), ("SDIFF a b", "*1 $1 1"),
            ("SUNION a b", "*4 $1 1 $1 2 $1 3 $1 4"), ("SINTER a x", "*0")),
        Dialogue(
            "moving", ("SADD a 1", ":1"), ("SMOVE a b 1", ":1"), ("EXISTS a", ":0"),
            ("SMEMBERS b", "*1 $1 1"), ("SMOVE a b 1", ":0")),
    ]

    static let sortedSets: [Dialogue] = [
        Dialogue(
            "by score", ("ZADD z 2 b 1 a 3 c", ":3"), ("ZADD z 5 a", ":0"), ("ZSCORE z a", "$1 5"),
            ("ZRANGE z 0 -1", "*3 $1 b $1 c $1 a"), ("ZREVRANGE z 0 0 WITHSCORES", "*2 $1 a $1 5"),
            ("ZRANK z c", ":1"), ("ZREVRANK z c", ":1"), ("ZRANK z x", "$-1"), ("ZCARD z", ":3"),
            ("ZREM z b x", ":1"), ("ZMSCORE z a b", "*2 $1 5 $-1")),
        Dialogue(
            "equal scores go by name", ("ZADD z 1 c 1 a 1 b", ":3"),
            ("ZRANGE z 0 -1", "*3 $1 a $1 b $1 c"), ("ZPOPMIN z", "*2 $1 a $1 1"),
            ("ZPOPMAX z 5", "*4 $1 c $1 1 $1 b $1 1"), ("EXISTS z", ":0"), ("ZPOPMIN z", "*0")),
        Dialogue(
            "ranges of scores", ("ZADD z 1 a 2.5 b 3 c 4 d", ":4"), ("ZCOUNT z 2 3", ":2"),
            ("ZCOUNT z (1 +inf", ":3"), ("ZRANGEBYSCORE z -inf (3", "*2 $1 a $1 b"),
            ("ZRANGEBYSCORE z 2 4 WITHSCORES LIMIT 1 1", "*2 $1 c $1 3"),
            ("ZRANGE z (4 1 BYSCORE REV", "*3 $1 c $1 b $1 a"),
            ("ZREMRANGEBYSCORE z 0 2.5", ":2"), ("ZREMRANGEBYRANK z 0 0", ":1"),
            ("ZRANGE z 0 -1 WITHSCORES", "*2 $1 d $1 4")),
        Dialogue(
            "conditions", ("ZADD z 5 a", ":1"), ("ZADD z NX 1 a 1 b", ":1"),
            ("ZADD z XX CH 6 a 6 c", ":1"), ("ZADD z GT CH 3 a", ":0"), ("ZADD z LT CH 3 a", ":1"),
            ("ZADD z INCR 1.5 a", "$3 4.5"), ("ZADD z NX INCR 1 a", "$-1"),
            ("ZINCRBY z -0.5 a", "$1 4"),
            ("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"),
            ("ZADD z x a", "-ERR value is not a valid float"),
            ("ZADD z 1", "-ERR wrong number of arguments for 'zadd' command")),
        Dialogue(
            "the ends of numbers", ("ZADD z inf a -inf b", ":2"), ("ZSCORE z a", "$3 inf"),
            ("ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"),
            ("ZRANGE z 0 -1", "*2 $1 b $1 a")),
    ]

    static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"

    static let keys: [Dialogue] = [
        Dialogue(
            "types are kept apart", ("SET s v", "+OK"), ("LPUSH s a", wrongType),
            ("HGET s a", wrongType), ("LPUSH l a", ":1"), ("GET l", wrongType),
            ("INCR l", wrongType), ("APPEND l x", wrongType), ("SADD l a", wrongType),
            ("ZADD l 1 a", wrongType), ("STRLEN l", wrongType), ("MGET l s", "*2 $-1 $1 v"),
            ("TYPE l", "+list"), ("SET l over", "+OK"), ("GET l", "$4 over"), ("TYPE l", "+string")),
        Dialogue(
            "rename", ("SADD a 1", ":1"), ("EXPIRE a 100", ":1"), ("SET b old", "+OK"),
            ("RENAME a b", "+OK"), ("TTL b", ":100"), ("SMEMBERS b", "*1 $1 1"), ("EXISTS a", ":0"),
            ("RENAME a b", "-ERR no such key"), ("SET c 1", "+OK"), ("RENAMENX c b", ":0"),
            ("RENAMENX c d", ":1"), ("RENAME d d", "+OK"), ("GET d", "$1 1")),
        Dialogue(
            "copy shares nothing", ("RPUSH a 1", ":1"), ("COPY a b", ":1"), ("RPUSH b 2", ":2"),
            ("LRANGE a 0 -1", "*1 $1 1"), ("COPY a b", ":0"), ("COPY a b REPLACE", ":1"),
            ("LLEN b", ":1"), ("COPY x y", ":0"),
            ("COPY a a", "-ERR source and destination objects are the same")),
        Dialogue(
            "objects", ("SET i 12", "+OK"), ("OBJECT ENCODING i", "$3 int"), ("SET s ab", "+OK"),
            ("OBJECT ENCODING s", "$6 embstr"), ("HSET h a 1", ":1"),
            ("OBJECT ENCODING h", "$8 listpack"), ("@5000", ""), ("OBJECT IDLETIME s", ":5"),
            ("GET s", "$2 ab"), ("OBJECT IDLETIME s", ":0"), ("OBJECT ENCODING x", "$-1"),
            ("OBJECT REFCOUNT s", ":1")),
        Dialogue(
            "patterns", ("MSET one 1 two 2 three 3", "+OK"), ("KEYS t*", "*2 $3 two $5 three"),
            ("KEYS t?o", "*1 $3 two"), ("KEYS [^t]*", "*1 $3 one"), ("KEYS [a-o]ne", "*1 $3 one"),
            ("KEYS \\\\*", "*0"), ("TOUCH one x", ":1")),
        Dialogue(
            "dates", ("SET k v", "+OK"), ("EXPIREAT k 2000", ":1"), ("TTL k", ":1000"),
            ("EXPIRETIME k", ":2000"), ("PEXPIRETIME k", ":2000000"), ("PEXPIREAT k 1", ":1"),
            ("EXISTS k", ":0"), ("SET k v EXAT 2000", "+OK"), ("PTTL k", ":1000000")),
        Dialogue(
            "parts of strings", ("SET k hello", "+OK"), ("GETRANGE k 1 3", "$3 ell"),
            ("GETRANGE k -3 -1", "$3 llo"), ("SETRANGE k 1 ipp", ":5"), ("GET k", "$5 hippo"),
            ("GETSET k new", "$5 hippo"), ("MSETNX k 1 j 2", ":0"), ("EXISTS j", ":0"),
            ("MSETNX i 1 j 2", ":1")),
    ]

    @Test func `RESP3 has maps, doubles, nulls and sets of its own`() throws {
        var session = EngineSession()
        #expect(try session.send("HELLO 3").hasPrefix("%7 $6 server"))
        _ = try session.send("HSET h a 1")
        _ = try session.send("ZADD z 1.5 m")
        _ = try session.send("SADD s x")
        #expect(try session.send("HGETALL h") == "%1 $1 a $1 1")
        #expect(try session.send("ZSCORE z m") == ",1.5")
        #expect(try session.send("ZRANGE z 0 -1 WITHSCORES") == "*1 *2 $1 m ,1.5")
        #expect(try session.send("SMEMBERS s") == "~1 $1 x")
        #expect(try session.send("GET none") == "_")
        #expect(try session.send("SUBSCRIBE c") == ">3 $9 subscribe $1 c :1")
        #expect(try session.send("GET none") == "_", "a subscriber of RESP3 may still ask")
        #expect(try session.send("HELLO 2").hasPrefix("*14"))
        #expect(try session.send("ZSCORE z m").hasPrefix("-ERR Can't execute 'zscore'"))
    }

    @Test func `a collection is charged for what it holds and lets go of all of it`() throws {
        var session = EngineSession()
        _ = try session.send("SET s v")
        let before = session.engine.keyspace.usedMemory
        for number in 0..<200 {
            _ = try session.send("HSET h f\(number) \(number)")
            _ = try session.send("RPUSH l e\(number)")
            _ = try session.send("SADD t m\(number)")
            _ = try session.send("ZADD z \(number) m\(number)")
        }
        #expect(session.engine.keyspace.usedMemory > before + 800 * 64)
        for number in 0..<200 {
            #expect(try session.send("HDEL h f\(number)") == ":1")
            #expect(try session.send("LPOP l") == "$\("e\(number)".utf8.count) e\(number)")
            #expect(try session.send("SREM t m\(number)") == ":1")
            #expect(try session.send("ZREM z m\(number)") == ":1")
        }
        #expect(session.engine.keyspace.usedMemory == before)
        #expect(try session.send("DBSIZE") == ":1")
    }
}
