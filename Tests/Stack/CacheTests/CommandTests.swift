// Every command as a table: a line in, the reply out. The replies are what Redis 7.0.15 prints.

import Testing

@testable import Cache

/// Lines sent one after another to a fresh engine; `@250` moves the clock on by 250 ms.
struct Dialogue: CustomTestStringConvertible, Sendable {
    let name: String
    let steps: [(line: String, reply: String)]

    init(_ name: String, _ steps: (line: String, reply: String)...) {
        self.name = name
        self.steps = steps
    }

    var testDescription: String { name }

    func play() throws {
        var session = EngineSession()
        for step in steps {
            if step.line.hasPrefix("@") {
                session.milliseconds += try #require(Int64(step.line.dropFirst()))
            } else {
                #expect(try session.send(step.line) == step.reply, "\(step.line)")
            }
        }
    }
}

@Suite struct CommandTests {
    @Test(arguments: strings + counters + expiry + keys + connections + refusals)
    func `a dialogue goes as Redis would have it`(_ dialogue: Dialogue) throws {
        try dialogue.play()
    }

    static let strings: [Dialogue] = [
        Dialogue("set and get", ("SET k v", "+OK"), ("GET k", "$1 v"), ("get k", "$1 v")),
        Dialogue("get of nothing", ("GET k", "$-1")),
        Dialogue("an empty value", ("SET k ''", "+OK"), ("GET k", "$0 "), ("STRLEN k", ":0")),
        Dialogue("set over", ("SET k v", "+OK"), ("SET k longer", "+OK"), ("GET k", "$6 longer")),
        Dialogue(
            "set NX", ("SET k a NX", "+OK"), ("SET k b NX", "$-1"), ("GET k", "$1 a")),
        Dialogue(
            "set XX", ("SET k a XX", "$-1"), ("EXISTS k", ":0"), ("SET k a", "+OK"),
            ("SET k b xx", "+OK"), ("GET k", "$1 b")),
        Dialogue(
            "set GET", ("SET k a GET", "$-1"), ("SET k b GET", "$1 a"), ("GET k", "$1 b")),
        Dialogue(
            "set NX GET keeps and tells the old value", ("SET k a NX GET", "$-1"),
            ("SET k b NX GET", "$1 a"), ("GET k", "$1 a")),
        Dialogue("set XX GET of nothing", ("SET k a XX GET", "$-1"), ("EXISTS k", ":0")),
        Dialogue("setnx", ("SETNX k a", ":1"), ("SETNX k b", ":0"), ("GET k", "$1 a")),
        Dialogue("getdel", ("SET k v", "+OK"), ("GETDEL k", "$1 v"), ("GETDEL k", "$-1")),
        Dialogue(
            "mset and mget", ("MSET a 1 b 2 a 3", "+OK"), ("MGET a x b", "*3 $1 3 $-1 $1 2")),
        Dialogue(
            "append", ("APPEND k ab", ":2"), ("APPEND k cd", ":4"), ("GET k", "$4 abcd"),
            ("STRLEN k", ":4"), ("STRLEN x", ":0")),
    ]

    static let counters: [Dialogue] = [
        Dialogue(
            "up and down", ("INCR n", ":1"), ("INCRBY n 41", ":42"), ("DECR n", ":41"),
            ("DECRBY n 50", ":-9"), ("GET n", "$2 -9")),
        Dialogue(
            "not a number", ("SET n abc", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range"), ("GET n", "$3 abc")),
        Dialogue(
            "spellings that Redis refuses", ("SET n 007", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range"), ("SET n +7", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range"), ("SET n ' 7'", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range"), ("SET n ''", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range"), ("SET n -0", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range")),
        Dialogue(
            "the upper end", ("SET n 9223372036854775806", "+OK"),
            ("INCR n", ":9223372036854775807"),
            ("INCR n", "-ERR increment or decrement would overflow"),
            ("GET n", "$19 9223372036854775807")),
        Dialogue(
            "the lower end", ("SET n -9223372036854775807", "+OK"),
            ("DECR n", ":-9223372036854775808"),
            ("DECR n", "-ERR increment or decrement would overflow"),
            ("INCRBY n 1", ":-9223372036854775807")),
        Dialogue(
            "one past 64 bits", ("SET n 9223372036854775808", "+OK"),
            ("INCR n", "-ERR value is not an integer or out of range")),
        Dialogue(
            "a bad step", ("INCRBY n x", "-ERR value is not an integer or out of range"),
            ("DECRBY n -9223372036854775808", "-ERR decrement would overflow"),
            ("EXISTS n", ":0")),
        Dialogue(
            "a counter keeps its deadline", ("SET n 1 PX 100", "+OK"), ("INCR n", ":2"),
            ("PTTL n", ":100"), ("@100", ""), ("INCR n", ":1"), ("PTTL n", ":-1")),
    ]

    static let expiry: [Dialogue] = [
        Dialogue(
            "set PX", ("SET k v PX 100", "+OK"), ("@99", ""), ("GET k", "$1 v"), ("@1", ""),
            ("GET k", "$-1"), ("DBSIZE", ":0")),
        Dialogue(
            "set EX", ("SET k v EX 10", "+OK"), ("TTL k", ":10"), ("PTTL k", ":10000"),
            ("@9600", ""), ("TTL k", ":0"), ("PTTL k", ":400")),
        Dialogue("ttl rounds to the nearest", ("PSETEX k 1499 v", "+OK"), ("TTL k", ":1")),
        Dialogue("ttl rounds up", ("PSETEX k 1500 v", "+OK"), ("TTL k", ":2")),
        Dialogue("ttl without", ("TTL k", ":-2"), ("SET k v", "+OK"), ("TTL k", ":-1")),
        Dialogue("setex", ("SETEX k 5 v", "+OK"), ("TTL k", ":5"), ("GET k", "$1 v")),
        Dialogue(
            "set clears the deadline, KEEPTTL keeps it", ("SET k a EX 5", "+OK"),
            ("SET k b KEEPTTL", "+OK"), ("TTL k", ":5"), ("SET k c", "+OK"), ("TTL k", ":-1")),
        Dialogue(
            "expire and persist", ("EXPIRE k 5", ":0"), ("SET k v", "+OK"), ("EXPIRE k 5", ":1"),
            ("TTL k", ":5"), ("PERSIST k", ":1"), ("PERSIST k", ":0"), ("TTL k", ":-1"),
            ("PERSIST x", ":0")),
        Dialogue(
            "a deadline in the past deletes", ("SET k v", "+OK"), ("EXPIRE k -1", ":1"),
            ("EXISTS k", ":0"), ("SET k v", "+OK"), ("PEXPIRE k 0", ":1"), ("EXISTS k", ":0")),
        Dialogue(
            "expire NX and XX", ("SET k v", "+OK"), ("EXPIRE k 5 XX", ":0"),
            ("EXPIRE k 5 NX", ":1"), ("EXPIRE k 9 NX", ":0"), ("TTL k", ":5"),
            ("EXPIRE k 9 XX", ":1"), ("TTL k", ":9")),
        Dialogue(
            "expire GT and LT", ("SET k v", "+OK"), ("EXPIRE k 5 GT", ":0"),
            ("EXPIRE k 5 LT", ":1"), ("EXPIRE k 5 GT", ":0"), ("EXPIRE k 6 GT", ":1"),
            ("EXPIRE k 7 LT", ":0"), ("EXPIRE k 4 lt", ":1"), ("TTL k", ":4")),
        Dialogue(
            "getex", ("SET k v", "+OK"), ("GETEX k EX 5", "$1 v"), ("TTL k", ":5"),
            ("GETEX k", "$1 v"), ("TTL k", ":5"), ("GETEX k PERSIST", "$1 v"), ("TTL k", ":-1"),
            ("GETEX x EX 5", "$-1"), ("GETEX k NOW", "-ERR syntax error"),
            ("GETEX k PX 0", "-ERR invalid expire time in 'getex' command")),
        Dialogue(
            "append keeps the deadline", ("SET k a PX 50", "+OK"), ("APPEND k b", ":2"),
            ("PTTL k", ":50")),
        Dialogue(
            "bad times", ("SET k v EX 0", "-ERR invalid expire time in 'set' command"),
            ("SET k v PX -1", "-ERR invalid expire time in 'set' command"),
            ("SET k v EX 9223372036854775807", "-ERR invalid expire time in 'set' command"),
            ("SET k v EX soon", "-ERR value is not an integer or out of range"),
            ("SETEX k 0 v", "-ERR invalid expire time in 'setex' command"),
            ("PSETEX k -5 v", "-ERR invalid expire time in 'psetex' command"),
            ("SET k v", "+OK"),
            ("EXPIRE k 9223372036854775807", "-ERR invalid expire time in 'expire' command"),
            ("EXPIRE k soon", "-ERR value is not an integer or out of range"),
            ("TTL k", ":-1")),
        Dialogue(
            "bad conditions", ("SET k v", "+OK"),
            (
                "EXPIRE k 5 NX GT",
                "-ERR NX and XX, GT or LT options at the same time are not compatible"
            ),
            ("EXPIRE k 5 GT LT", "-ERR GT and LT options at the same time are not compatible"),
            ("EXPIRE k 5 YY", "-ERR Unsupported option YY")),
    ]

    static let keys: [Dialogue] = [
        Dialogue(
            "del and exists", ("MSET a 1 b 2", "+OK"), ("EXISTS a b c a", ":3"),
            ("DEL a c", ":1"), ("UNLINK b", ":1"), ("DBSIZE", ":0")),
        Dialogue("type", ("SET k v", "+OK"), ("TYPE k", "+string"), ("TYPE x", "+none")),
        Dialogue(
            "flush", ("MSET a 1 b 2", "+OK"), ("FLUSHALL", "+OK"), ("DBSIZE", ":0"),
            ("GET a", "$-1"), ("SET a 1", "+OK"), ("FLUSHDB ASYNC", "+OK"), ("DBSIZE", ":0"),
            ("FLUSHALL LATER", "-ERR syntax error")),
    ]

    static let connections: [Dialogue] = [
        Dialogue(
            "ping and echo", ("PING", "+PONG"), ("PING hi", "$2 hi"), ("ECHO 'a b'", "$3 a b")),
        Dialogue("select", ("SELECT 0", "+OK"), ("SELECT 1", "-ERR DB index is out of range")),
        Dialogue("role", ("ROLE", "*3 $6 master :0 *0")),
        Dialogue(
            "names", ("CLIENT GETNAME", "$-1"), ("CLIENT SETNAME app-1", "+OK"),
            ("CLIENT GETNAME", "$5 app-1"), ("CLIENT ID", ":7"),
            ("CLIENT SETINFO LIB-NAME x", "+OK"), ("RESET", "+RESET"),
            ("CLIENT GETNAME", "$-1"),
            (
                "CLIENT SETNAME 'a b'",
                "-ERR Client names cannot contain spaces, newlines or special characters."
            ),
            ("CLIENT DANCE", "-ERR unknown subcommand 'DANCE'. Try CLIENT HELP.")),
        Dialogue(
            "hello", ("HELLO 4", "-NOPROTO unsupported protocol version"),
            ("HELLO x", "-ERR Protocol version is not an integer or out of range"),
            (
                "HELLO 2 SETNAME me",
                "*14 $6 server $5 redis $7 version $6 7.0.15 $5 proto :2 $2 id :7"
                    + " $4 mode $10 standalone $4 role $6 master $7 modules *0"
            ),
            ("CLIENT GETNAME", "$2 me")),
        Dialogue("command", ("COMMAND", "*0"), ("COMMAND DOCS get", "*0")),
        Dialogue(
            "config", ("CONFIG GET save", "*2 $4 save $0 "),
            ("CONFIG GET appendonly", "*2 $10 appendonly $2 no"),
            ("CONFIG GET maxmemory", "*2 $9 maxmemory $1 0"),
            ("CONFIG SET maxmemory 1mb", "+OK"),
            ("CONFIG GET maxm?mory", "*2 $9 maxmemory $7 1048576"),
            (
                "CONFIG GET maxmemory*",
                "*6 $9 maxmemory $7 1048576 $16 maxmemory-policy $11 allkeys-lru"
                    + " $17 maxmemory-samples $1 5"
            ),
            ("CONFIG GET nothing", "*0"),
            ("CONFIG DANCE x", "-ERR unknown subcommand 'DANCE'. Try CONFIG HELP.")),
    ]

    static let refusals: [Dialogue] = [
        Dialogue(
            "unknown command",
            ("FOO a b", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' "),
            ("BAR", "-ERR unknown command 'BAR', with args beginning with: "),
            (
                "UNKNOWN x", "-ERR unknown command 'UNKNOWN', with args beginning with: 'x' "
            )),
        Dialogue(
            "wrong arity", ("GET", "-ERR wrong number of arguments for 'get' command"),
            ("GET a b", "-ERR wrong number of arguments for 'get' command"),
            ("SET a", "-ERR wrong number of arguments for 'set' command"),
            ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
            ("PING a b", "-ERR wrong number of arguments for 'ping' command"),
            ("DEL", "-ERR wrong number of arguments for 'del' command"),
            ("SETEX a 1", "-ERR wrong number of arguments for 'setex' command")),
        Dialogue(
            "syntax", ("SET a 1 YY", "-ERR syntax error"), ("SET a 1 NX XX", "-ERR syntax error"),
            ("SET a 1 EX", "-ERR syntax error"), ("SET a 1 EX 1 PX 1", "-ERR syntax error"),
            ("SET a 1 KEEPTTL EX 1", "-ERR syntax error"), ("EXISTS a", ":0")),
    ]

    @Test func `every command is found by its name in either case`() {
        for command in CacheCommand.allCases where command != .unknown {
            #expect(CacheCommand.named([UInt8](command.name.utf8).span) == command)
            #expect(CacheCommand.named([UInt8](command.name.uppercased().utf8).span) == command)
        }
        for stranger in ["unknown", "", "gets", "ge", "setexpiring", "brpoplpush"] {
            #expect(CacheCommand.named([UInt8](stranger.utf8).span) == .unknown, "\(stranger)")
        }
    }

    @Test func `QUIT asks for the connection to be closed`() throws {
        var session = EngineSession()
        #expect(try session.send("QUIT") == "+OK")
        #expect(session.client.isQuitting)
    }

    @Test func `a value larger than the whole memory is refused and the old one stays`() throws {
        var session = EngineSession(memoryLimit: 1000)
        #expect(try session.send("SET k v") == "+OK")
        let large = String(repeating: "x", count: 2000)
        let refusal = "-OOM command not allowed when used memory > 'maxmemory'."
        #expect(try session.send("SET k \(large)") == refusal)
        #expect(try session.send("APPEND k \(large)") == refusal)
        #expect(try session.send("MSET k w j \(large)") == refusal)
        #expect(try session.send("GET k") == "$1 v")
    }
}
