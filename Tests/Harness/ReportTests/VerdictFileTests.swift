// verdict.json and metrics.jsonl: what programs rely on.

import Checkers
import History
import Linux
import Report
import Testing
import Wire

struct VerdictFileTests {
    @Test func `the file is JSON with the outcome and the figures`() throws {
        let file = try SampleRun.passed().verdictFile()
        let json = try JSON.parse(file.span)
        #expect(file.last == UInt8(ascii: "\n"))
        #expect(json["schema"] == "faultline/verdict/v1")
        #expect(json["outcome"] == "passed")
        #expect(json["exitCode"] == 0)
        #expect(json["reasons"] == [])
        #expect(json["host"]?["kernel"] == "6.18")
        #expect(json["objectives"]?[0]?["status"] == "held")
        #expect(json["objectives"]?[0]?["value"]?.double == 1)
        #expect(json["phases"]?[1]?["ok"] == 390)
        #expect(json["phases"]?[1]?["latencyNanoseconds"]?["p99"] == 5_000_000)
        let fault = try #require(json["faults"]?[0])
        #expect(fault["proven"] == true)
        #expect(fault["promise"] == ["signal": "SIGKILL"])
        #expect(fault["proof"] == ["status": "killed by 9"])
        #expect(fault["injectTookNanoseconds"] == 41_000)
        #expect(fault["recoveryFromInjection"]?["nanoseconds"] == 200_000_000)
        #expect(fault["operationsLost"] == 10)
        #expect(json["load"]?["planned"] == 1500)
    }

    @Test func `a broken run says so in every place`() throws {
        let json = try SampleRun.broken().json
        #expect(json["outcome"] == "invalid")
        #expect(json["exitCode"] == 2)
        #expect(json["reasons"]?[0] == "kill store-1-2: not proven to have happened")
        #expect(json["objectives"]?[0]?["status"] == "failed")
        #expect(json["objectives"]?[1]?["status"] == "no-data")
        #expect(json["objectives"]?[1]?["value"] == JSON.null)
        #expect(json["faults"]?[0]?["proven"] == false)
        #expect(json["faults"]?[0]?["provedNanoseconds"] == JSON.null)
        let lost = try #require(json["data"]?["lost"]?[0])
        #expect(lost["key"] == "p-700")
        #expect(lost["acknowledgedBy"] == "store-1-2")
        #expect(lost["circumstance"] == "during kill store-1-2")
    }

    @Test func `members are there even when nothing was run`() throws {
        let report = RunReport(SampleRun.facts, Verdict(.hostLacking, reasons: ["no namespaces"]))
        let empty = try #require(report.json.object)
        let full = try #require(try SampleRun.passed().json.object)
        #expect(empty.map(\.0) == full.map(\.0))
        #expect(report.json["exitCode"] == 4)
        #expect(report.json["load"] == JSON.null)
    }

    @Test func `a seed that no number of JSON holds is kept as text`() throws {
        #expect(try SampleRun.passed().json["seed"] == "18446744073709551615")
    }

    @Test func `a metrics line keeps whole numbers whole`() {
        let epoch = RunEpoch(
            monotonic: MonotonicTime(nanoseconds: 0),
            wall: WallTime(nanoseconds: 1_767_323_045_000_000_000))
        let line = MetricsLine(
            at: 1_500_000_000, node: "app-1", metrics: [.init("requests", 12), .init("cpu", 0.25)])
        var bytes: [UInt8] = []
        line.append(to: &bytes, epoch: epoch)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                {"at":1500000000,"time":"2026-01-02T03:04:06.500000Z","node":"app-1",\
                "metrics":{"requests":12,"cpu":0.25}}

                """)
    }
}
