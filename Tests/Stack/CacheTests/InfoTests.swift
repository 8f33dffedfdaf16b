// INFO is read by machines: the harness, redis-cli, monitoring. Its names and counts must hold.

import Testing

@testable import Cache

@Suite struct InfoTests {
    /// The fields of INFO by name.
    private func fields(_ session: inout EngineSession, _ sections: String = "") throws
        -> [String: String]
    {
        let text = try session.send("INFO \(sections)")
        var fields: [String: String] = [:]
        for line in text.split(separator: " ") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        return fields
    }

    @Test func `hits misses expiries and flushes are counted`() throws {
        var session = EngineSession()
        for line in ["SET a 1", "SET b 1 PX 10", "GET a", "GET x", "MGET a x"] {
            _ = try session.send(line)
        }
        session.milliseconds += 5000
        _ = try session.send("GET b")
        var info = try fields(&session)
        #expect(info["keyspace_hits"] == "2")
        #expect(info["keyspace_misses"] == "3")
        #expect(info["expired_keys"] == "1")
        #expect(info["evicted_keys"] == "0")
        #expect(info["total_commands_processed"] == "7")
        #expect(info["uptime_in_seconds"] == "5")
        #expect(info["db0"] == "keys=1,expires=0,avg_ttl=0")
        _ = try session.send("FLUSHALL")
        info = try fields(&session)
        #expect(info["flushes"] == "1")
        #expect(info["flushed_keys"] == "1")
        #expect(info["cmdstat_flushall"] == "calls=1,failed_calls=0")
        #expect(info["db0"] == nil)
        #expect(info["used_memory"] == "0")
    }

    @Test func `a section is given alone when it is asked for`() throws {
        var session = EngineSession(memoryLimit: 5000)
        let info = try fields(&session, "memory")
        #expect(info["maxmemory"] == "5000")
        #expect(info["used_memory"] == "0")
        #expect(info["connected_clients"] == nil)
        #expect(try session.send("INFO nonsense") == "$0 ")
    }

    @Test func `CONFIG RESETSTAT clears the counts and keeps the keys`() throws {
        var session = EngineSession()
        for line in ["SET a 1", "GET a", "GET x", "FOO"] { _ = try session.send(line) }
        #expect(try fields(&session)["total_error_replies"] == "1")
        #expect(try session.send("CONFIG RESETSTAT") == "+OK")
        let info = try fields(&session)
        #expect(info["keyspace_hits"] == "0")
        #expect(info["total_error_replies"] == "0")
        #expect(info["db0"] == "keys=1,expires=0,avg_ttl=0")
    }
}
