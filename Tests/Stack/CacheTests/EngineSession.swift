// Drives an engine the way a connection does: bytes through the scanner, replies as text.

import Blueprint

@testable import Cache

struct EngineSession {
    var engine: CacheEngine
    var client = ClientState(id: 7)
    private var version = 2
    var milliseconds: Int64 = 1_000_000

    init(memoryLimit: Int = 0, policy: EvictionPolicy = .allkeysLRU) {
        engine = CacheEngine(
            keyspace: Keyspace(memoryLimit: memoryLimit, policy: policy),
            facts: ServerFacts(
                processID: 4242, port: 6379, startedAt: CacheTime(milliseconds: 1_000_000),
                clientsMax: 100))
    }

    var now: CacheTime { CacheTime(milliseconds: milliseconds) }

    /// The reply to one command given as a line, `\r\n` shown as a space: `$1 x`, `+OK`.
    mutating func send(_ line: String) throws -> String {
        var scanner = CommandScanner()
        var reply = ReplyBuffer(version: version)
        let bytes = [UInt8]((line + "\n").utf8)
        guard try scanner.next(in: bytes.span) != nil else { return "incomplete" }
        let call = CommandCall(bytes: bytes.span, words: scanner.words.span, now: now)
        engine.execute(call, for: &client, into: &reply)
        version = reply.version
        return String(decoding: reply.bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
            .dropLast().joined(separator: " ")
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): enough randomness for tests, the same from one seed everywhere.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}
