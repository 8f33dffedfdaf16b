// Outages as they are read from the files of a run.

import Testing
import Wire

@testable import faultline_bench

struct LeaderKillTests {
    private func lines(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").map { try JSON.parse(Array($0.utf8).span) }
    }

    private let history = """
        {"type":"invoke","index":0,"effect":"post","started":5000000}
        {"type":"invoke","index":1,"effect":"post","started":11000000}
        {"type":"invoke","index":2,"effect":"read","started":12000000}
        {"type":"invoke","index":3,"effect":"post","started":13000000}
        {"type":"ok","index":0,"completed":14000000}
        {"type":"ok","index":2,"completed":15000000}
        {"type":"fail","index":1,"completed":16000000}
        {"type":"ok","index":3,"completed":310000000}
        """

    @Test func `an outage ends with the first acknowledged write that was sent after the kill`()
        throws
    {
        let timeline = """
            {"kind":"inject","step":"1.1","actual":10000000}
            {"kind":"proved","step":"1.1","actual":11000000}
            """
        let outages = try LeaderKills.outages(
            timeline: lines(timeline), history: lines(history))
        #expect(outages == [300], "neither one sent before, nor a read, nor a failure")
    }

    @Test(arguments: [
        "",  // No kill.
        #"{"kind":"inject","step":"1.1","actual":10000000}"#,  // Not proven.
        // Nothing was written after it.
        #"{"kind":"inject","step":"1","actual":14000000}"# + "\n"
            + #"{"kind":"proved","step":"1"}"#,
    ])
    func `a run that shows no outage has none`(timeline: String) throws {
        let events = try lines(timeline)
        let operations = try lines(history)
        #expect(throws: BenchError.self) {
            try LeaderKills.outages(timeline: events, history: operations)
        }
    }

    @Test func `the 99th percentile is of the nearest rank`() throws {
        #expect(
            try #require(Outages.cells((1...100).map(Double.init))) == ["51", "99", "1 to 100"])
        #expect(try #require(Outages.cells([7])) == ["7", "7", "7 to 7"])
        #expect(Outages.cells([]) == nil)
    }
}
