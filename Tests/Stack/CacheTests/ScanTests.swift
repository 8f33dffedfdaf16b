// What a scan promises: whoever is there from its start to its end is seen, whatever comes and goes meanwhile.

import Testing

@testable import Cache

@Suite struct ScanTests {
    /// The cursor and the elements of an answer to a scan.
    private func parts(_ reply: String) throws -> (cursor: String, names: [String]) {
        let words = reply.split(separator: " ").map(String.init)
        #expect(words[0] == "*2")
        return (words[2], stride(from: 5, to: words.count, by: 2).map { words[$0] })
    }

    /// Scans to the end, changing things between the steps; answers what was seen.
    private func seen(
        _ command: String, step: Int, _ session: inout EngineSession, stride: Int = 1,
        change: (inout EngineSession, Int) throws -> Void
    ) throws -> Set<String> {
        var (cursor, seen, round) = ("0", Set<String>(), 0)
        repeat {
            let answer = try session.send(
                "\(command) \(cursor) COUNT \(step)".replacing("  ", with: " "))
            let (next, names) = try parts(answer)
            seen.formUnion(names)
            cursor = next
            round += 1
            try change(&session, round)
            try #require(round < 10_000)
        } while cursor != "0"
        return seen
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `keys that stay are met while others come and go`(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var session = EngineSession()
        for number in 0..<300 { _ = try session.send("SET stay\(number) v") }
        for number in 0..<300 { _ = try session.send("SET go\(number) v") }
        let seen = try seen("SCAN", step: 7, &session) { session, round in
            _ = try session.send("DEL go\(random.number(below: 300))")
            _ = try session.send("SET new\(round) v")
        }
        for number in 0..<300 { #expect(seen.contains("stay\(number)")) }
    }

    @Test(arguments: ["SADD", "ZADD"], 1...4 as ClosedRange<UInt64>)
    func `members that stay are met while others come and go`(add: String, seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var session = EngineSession()
        let score = add == "ZADD" ? "1 " : ""
        let (scan, drop) = add == "ZADD" ? ("ZSCAN k", "ZREM") : ("SSCAN k", "SREM")
        for number in 0..<200 {
            _ = try session.send("\(add) k \(score)stay\(number)")
            _ = try session.send("\(add) k \(score)go\(number)")
        }
        var everything: Set<String> = []
        everything = try seen(scan, step: 9, &session) { session, round in
            for _ in 0..<3 { _ = try session.send("\(drop) k go\(random.number(below: 200))") }
            _ = try session.send("\(add) k \(score)new\(round)")
        }
        for number in 0..<200 { #expect(everything.contains("stay\(number)")) }
    }

    @Test func `a scan filters by pattern and type`() throws {
        var session = EngineSession()
        _ = try session.send("MSET a1 v a2 v b1 v")
        _ = try session.send("SADD a3 m")
        #expect(try session.send("SCAN 0 MATCH a* COUNT 100") == "*2 $1 0 *3 $2 a1 $2 a2 $2 a3")
        #expect(try session.send("SCAN 0 TYPE set COUNT 100") == "*2 $1 0 *1 $2 a3")
        #expect(try session.send("SCAN x") == "-ERR invalid cursor")
        #expect(try session.send("SCAN 0 COUNT 0") == "-ERR syntax error")
        _ = try session.send("HSET h f 1 g 2")
        #expect(try session.send("HSCAN h 0 MATCH f") == "*2 $1 0 *2 $1 f $1 1")
        #expect(try session.send("HSCAN none 0") == "*2 $1 0 *0")
    }
}
