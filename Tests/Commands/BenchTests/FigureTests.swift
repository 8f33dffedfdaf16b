// How measured numbers become text, and which outputs of other programs are refused as figures.

import Linux
import Testing
import Wire

@testable import faultline_bench

struct FigureTests {
    @Test(
        arguments: [
            (0.0, 0, "0"), (999.4, 0, "999"), (999.5, 0, "1,000"), (1_234_567.0, 0, "1,234,567"),
            (0.0351, 3, "0.035"), (12.0, 1, "12.0"), (-0.04, 1, "0.0"), (-1234.56, 1, "-1,234.6"),
        ])
    func `numbers have fixed decimals and grouped thousands`(
        _ row: (value: Double, places: Int, text: String)
    ) {
        #expect(Figure.text(row.value, places: row.places) == row.text)
    }

    @Test func `the median of an even count lies between the two middle values`() throws {
        let spread = try #require(Spread([4, 1, 3, 2]))
        #expect(spread.median == 2.5)
        #expect(spread.cells(places: 1) == ["2.5", "1.0 to 4.0"])
        #expect(Spread([]) == nil)
    }

    @Test func `a table lines up its figures at the right`() {
        var table = MarkdownTable("what", "ms")
        table.add(["a", "1,234"])
        #expect(table.text == "| what |    ms |\n|------|------:|\n| a    | 1,234 |\n")
    }
}

struct RedisBenchmarkOutputTests {
    @Test func `the rate is read`() throws {
        let heads = "\"test\",\"rps\",\"avg_latency_ms\"\n"
        #expect(
            try RedisBenchmarkOutput.rate(in: heads + "\"GET\",\"81234.5\",\"0.3\"\n") == 81234.5)
    }

    @Test(arguments: [
        "", "\"test\",\"rps\"\n", "a\n\"GET\",\"0.00\",\"0\"\n", "Could not connect\nx\n",
    ])
    func `what is no rate is refused`(text: String) {
        #expect(throws: BenchError.self) { try RedisBenchmarkOutput.rate(in: text) }
    }
}

struct WrkOutputTests {
    private let good = "  39213 requests in 3.00s, 5.98MB read\nRequests/sec:  13071.12\n"

    @Test func `the rate is read`() throws {
        #expect(try Wrk.rate(in: good) == 13071.12)
    }

    @Test(
        arguments: [
            "  Socket errors: connect 0, read 0, write 0, timeout 3\n",
            "  Non-2xx or 3xx responses: 12\n",
        ])
    func `a run with errors has no rate`(_ errors: String) {
        #expect(throws: BenchError.self) { try Wrk.rate(in: errors + good) }
    }

    @Test func `a run that says no rate has none`() {
        #expect(throws: BenchError.self) { try Wrk.rate(in: "unable to connect\n") }
    }
}

struct RateSearchTests {
    /// Searches for a limit that is known here.
    private func found(_ limit: Double, from start: Double) -> (kept: Double?, attempts: Int) {
        var search = RateSearch(from: start)
        var attempts = 0
        while attempts < 40, let rate = search.next {
            search.record(rate <= limit)
            attempts += 1
        }
        return (search.kept, attempts)
    }

    @Test(arguments: [1000.0, 30_000, 90_000], [1500.0, 40_000])
    func `the limit is found from below and from above`(limit: Double, start: Double) throws {
        let found = found(limit, from: start)
        let kept = try #require(found.kept)
        #expect(kept <= limit)
        #expect(kept > limit * 0.93)
        #expect(found.attempts <= 16)
    }

    @Test func `what keeps no rate has none`() {
        #expect(found(0, from: 1000).kept == nil)
    }
}

struct FaultTimingsTests {
    private func event(_ kind: String, at actual: Int64) -> JSON {
        [
            "kind": .string(kind), "step": "1", "fault": "kill", "actual": .integer(actual),
            "took": 2_000_000,
        ]
    }

    @Test func `times until proven count from the action`() throws {
        var timings = FaultTimings()
        try timings.add([
            event("inject", at: 1_000_000), event("proved", at: 4_000_000),
            event("heal", at: 9_000_000), event("proved-healed", at: 10_000_000),
        ])
        let row = timings.table.text.split(separator: "\n").last.map(String.init)
        let cells = row?.split(separator: "|").map { $0.filter { $0 != " " } }
        #expect(
            cells == ["kill", "2.000/2.000", "3.000/3.000", "2.000/2.000", "1.000/1.000", "1"])
    }

    @Test func `a fault that was not proven has no figures`() {
        var timings = FaultTimings()
        #expect(throws: BenchError.self) {
            try timings.add([event("inject", at: 1), event("heal", at: 2)])
        }
    }

    @Test func `a run without a fault has no figures`() {
        var timings = FaultTimings()
        #expect(throws: BenchError.self) { try timings.add([event("heal", at: 2)]) }
    }
}

struct BenchOptionsTests {
    @Test(
        arguments: [
            "--repetitions=0", "--repetitions=101", "--repetitions=x", "--repetitions",
            "--unknown=1", "word",
        ])
    func `a flag that means nothing is refused`(_ flag: String) {
        #expect(throws: BenchUsage.self) { try BenchOptions([flag]) }
    }

    @Test func `a flag that is given twice is refused`() {
        #expect(throws: BenchUsage.self) {
            try BenchOptions(["--repetitions=1", "--repetitions=2"])
        }
    }

    @Test func `repetitions are taken`() throws {
        #expect(try BenchOptions(["--repetitions=7"]).repetitions == 7)
    }
}
