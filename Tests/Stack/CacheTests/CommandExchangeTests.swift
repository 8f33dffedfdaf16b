// A client's batches without a socket: what runs, what waits for more bytes, and where a batch goes on that had to
// stop in its middle. And the bytes that every lookup takes by the word: hashed, compared and copied.

import Blueprint
import Reactor
import Testing

@testable import Cache

@Suite struct CommandExchangeTests {
    private static let now = CacheTime(milliseconds: 1_000_000)

    private func engine() -> CacheEngine {
        CacheEngine(
            keyspace: Keyspace(memoryLimit: 0),
            facts: ServerFacts(processID: 1, port: 1, startedAt: Self.now, clientsMax: 1))
    }

    /// Runs bytes that come in pieces until there is nothing left to run, and answers all replies.
    private func replies(
        to text: String, pieces size: Int, replyMax: Int
    ) -> (text: String, outcome: CommandExchange.Outcome) {
        var engine = engine()
        var exchange = CommandExchange(client: ClientState(id: 1))
        var inbound = ByteQueue()
        var answer: [UInt8] = []
        var outcome = CommandExchange.Outcome.idle
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) where outcome == .idle {
            inbound.append(bytes[start..<min(start + size, bytes.count)])
            repeat {
                outcome = exchange.run(inbound, on: &engine, now: Self.now, replyMax: replyMax)
                inbound.consume(exchange.consumed)
                answer += exchange.reply.bytes
                exchange.reply.removeAll()
            } while outcome == .moreToRun
        }
        return (String(decoding: answer, as: UTF8.self), outcome)
    }

    @Test(arguments: [1, 3, 16, 700, 100_000], [1, 64, 1 << 20])
    func `a pipeline is answered alike in any pieces and with any room for replies`(
        size: Int, replyMax: Int
    ) {
        let count = 50
        let commands = (0..<count).map { "SET k\($0) v\($0)\r\nGET k\($0)\r\nINCR n\r\n" }.joined()
        let expected = (0..<count).map {
            "+OK\r\n$\("v\($0)".utf8.count)\r\nv\($0)\r\n:\($0 + 1)\r\n"
        }
        let (text, outcome) = replies(to: commands, pieces: size, replyMax: replyMax)
        #expect(text == expected.joined())
        #expect(outcome == .idle)
    }

    @Test(arguments: [1, 1 << 20])
    func `what follows QUIT or a violation does not run`(replyMax: Int) {
        let quit = replies(to: "PING\r\nQUIT\r\nPING\r\n", pieces: 100, replyMax: replyMax)
        #expect(quit.text == "+PONG\r\n+OK\r\n")
        #expect(quit.outcome == .closing)
        let bad = replies(to: "PING\r\n*1\r\n:5\r\nPING\r\n", pieces: 100, replyMax: replyMax)
        #expect(bad.text == "+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n")
        #expect(bad.outcome == .closing)
    }

    @Test func `a reading ahead changes nothing that anybody can ask for`() throws {
        var session = EngineSession()
        for number in 0..<6000 { _ = try session.send("SET key:\(number) \(number)") }
        let order = session.engine.keyspace.keysOldestFirst()
        let statistics = session.engine.keyspace.statistics
        let text = Array("key:1 nothing key:5999 k".utf8)
        let words = [0..<5, 6..<13, 14..<22, 23..<24, 0..<5]
        session.engine.keyspace.warm(text.span, words.span)
        #expect(session.engine.keyspace.keysOldestFirst() == order)
        #expect(session.engine.keyspace.statistics == statistics)
        let many = (0..<40).map { "key:\($0)" }.joined(separator: " ")
        let answer = try session.send("MGET \(many) absent")
        let values = (0..<40).map { "$\("\($0)".count) \($0)" }.joined(separator: " ")
        #expect(answer == "*41 \(values) $-1")
    }
}

@Suite struct ByteWordsTests {
    private func hash(_ key: [UInt8], seed: UInt64 = 5) -> UInt32 {
        KeyHash.of(key.span, seed: seed)
    }

    private func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.isEqual(to: right.span)
    }

    @Test func `keys of every length that differ in one byte differ in their hash`() {
        for count in 1..<40 {
            let key = (0..<count).map { UInt8($0) }
            #expect(hash(key) == hash(Array(key)))
            #expect(hash(key) != hash(key, seed: 6))
            for place in 0..<count {
                var other = key
                other[place] ^= 0x80
                #expect(hash(other) != hash(key), "byte \(place) of \(count)")
                #expect(!areEqual(key, other))
            }
            #expect(areEqual(key, Array(key)))
            #expect(!areEqual(key, key.dropLast()))
        }
    }

    /// Linear hashing takes the low bits: keys that a benchmark makes must not crowd there.
    @Test func `the low bits of numbered keys are spread`() {
        var buckets = [Int](repeating: 0, count: 1024)
        for number in 0..<32_768 {
            let digits = String(number)
            let key = "key:\(String(repeating: "0", count: 12 - digits.count))\(digits)"
            buckets[Int(hash(Array(key.utf8)) & 1023)] += 1
        }
        #expect(buckets.allSatisfy { (8...64).contains($0) })
    }

    @Test(arguments: [0, 1, 15, 16, 17, 100])
    func `a copy lands where it should and nowhere else`(count: Int) {
        var target = [UInt8](repeating: 7, count: count + 4)
        let source = (0..<count).map { UInt8($0) }
        var span = target.mutableSpan
        span.overwrite(from: 2, with: source.span)
        #expect(target == [7, 7] + source + [7, 7])
    }
}
