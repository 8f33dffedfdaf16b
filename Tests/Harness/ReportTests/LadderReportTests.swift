// What a ladder says of itself: the figures beside the claims, in text, JSON and a drawing.

import Checkers
import Experiment
import History
import Linux
import Testing
import Wire

@testable import Report

struct LadderReportTests {
    private static let second: Int64 = 1_000_000_000

    private static func topology(_ name: String, apps: Int) throws -> Topology {
        let text = """
            apiVersion: faultline/v1
            kind: Topology
            name: \(name)
            entry: app
            tiers:
              app: {exec: [app], serves: app, port: 8080, count: \(apps), budget: {cpu: 10%}}
            """
        let path = "/tmp/faultline-ladder-\(CurrentProcess.id)-\(name).yaml"
        try File.save(Array(text.utf8), to: path)
        defer { try? File.remove(path) }
        return try ExperimentLoader.topology(path: path)
    }

    private static func trial(_ rate: Double, ok: Int) throws -> LadderTrial {
        let operations = (0..<100).map { index in
            var operation = Operation(
                index: index, journey: "browse", request: .init(method: "GET", target: "/"),
                user: index, intended: Int64(index) * second / 100)
            operation.started = operation.intended
            operation.completed = operation.intended + 5_000_000
            operation.outcome = index < ok ? .ok : .failed(.rejected)
            return operation
        }
        let run = RunRecord(
            operations: operations, planned: 100,
            phases: [PhaseSpan(.baseline, from: 0, to: second)])
        let objectives = [try Objective.parse("availability >= 99%")]
        return LadderTrial(rate, .probe, Verdict(of: run, objectives: objectives))
    }

    private static func rung(_ name: String, apps: Int, rate: Double) throws -> LadderRung {
        var rung = LadderRung(try topology(name, apps: apps))
        rung.isHeld = true
        rung.trials = [try trial(rate, ok: 100), try trial(rate * 2, ok: 50)]
        var search = RateSearch(RateSearch.Settings())
        while case .trial(let tried, _) = search.step {
            search.record(tried <= rate ? .held : .failed)
        }
        guard case .finished(var result) = search.step else { return rung }
        result.rate = rate
        result.failing = rate * 2
        rung.result = result
        let samples = (1...4).map { index in
            var sample = NodeSample(node: "app-1", tier: "app", at: Int64(index) * second)
            (sample.cpu, sample.cpuBudget) = (0.099, 0.1)
            return sample
        }
        guard let finding = Bottleneck(samples).saturated else { return rung }
        rung.bottleneck = LadderBottleneck(rate: rate * 2, finding: finding)
        return rung
    }

    private static func report() throws -> LadderReport {
        var load = LoadProfile(rate: 1, journeys: [JourneyShare(journey: .browse, share: 1)])
        load.users = 10
        var report = LadderReport(
            objectives: ["availability >= 99%"], load: load, seed: 7,
            started: "2026-01-02T03:04:05.000000Z", host: [.init("cores", "2")])
        report.rungs = [
            try rung("phase-1", apps: 1, rate: 100), try rung("phase-2", apps: 3, rate: 290),
        ]
        report.rungs[0].next = ["app from 1 to 3"]
        return report
    }

    @Test func `a trial holds, fails, or says nothing`() throws {
        #expect(try Self.trial(50, ok: 100).outcome == .held)
        let failed = try Self.trial(50, ok: 90)
        #expect(failed.outcome == .failed)
        #expect(failed.reasons == ["availability >= 99%: 90% (90 of 100)"])
        let nothing = Verdict(.passed)
        #expect(LadderTrial(50, .probe, nothing).outcome == .saturated)
    }

    @Test func `claim and measurement stand side by side`() throws {
        let text = try Self.report().text(coloured: false)
        let rows = text.split(separator: "\n").map(String.init)
        let second = try #require(rows.first { $0.hasPrefix("  phase-2 ") })
        for cell in ["10,000", "2,900", "290/s, not 580/s", "x2.9 (claim x10)", "app (cpu)"] {
            #expect(second.contains(cell), "\(second)")
        }
        #expect(text.contains("broke at 200/s: availability >= 99%: 50% (50 of 100)"))
        #expect(text.contains("the next phase: app from 1 to 3"))
        #expect(text.contains("held by cgroup to 10% of a core"))
        #expect(text.contains("users = rate x 10 s"))
    }

    @Test func `bars are as long as logarithms`() {
        #expect(LadderReport.length(1, of: 1000) == 0)
        #expect(LadderReport.length(1000, of: 1_000_000) == 24)
        #expect(LadderReport.length(1_000_000, of: 1_000_000) == 48)
        #expect(abs(LadderReport.log10(2) - 0.301_03) < 1e-4)
        #expect(LadderReport.count(1_234_567) == "1,234,567")
        #expect(LadderReport.count(999) == "999")
    }

    @Test func `the outcome is the worst of the rungs`() throws {
        var report = try Self.report()
        #expect(report.outcome == .passed)
        report.rungs[1].result?.rate = nil
        #expect(report.outcome == .failed)
        report.rungs[0].problems = ["the generator lost count"]
        #expect(report.outcome == .invalid)
        report.signal = 2
        #expect(report.outcome.exitCode == 130)
        report.isHostLacking = true
        #expect(report.outcome.exitCode == 4)
        report.failure = "disk full"
        #expect(report.outcome.exitCode == 5)
        var empty = report
        empty.rungs = []
        (empty.failure, empty.isHostLacking, empty.signal) = (nil, false, nil)
        #expect(empty.outcome == .invalid)
    }

    @Test func `a result that the generator limited is not a measurement`() throws {
        var report = try Self.report()
        report.rungs[1].result?.limit = .generator
        report.rungs[1].result?.isAtLeast = true
        #expect(report.outcome == .invalid)
        #expect(report.text(coloured: false).contains(">= 290/s"))
    }

    @Test func `the document has every figure`() throws {
        let file = Array(try Self.report().json.text.utf8)
        let json = try JSON.parse(file.span)
        #expect(json["schema"]?.string == "faultline/ladder/v1")
        let phase = try #require(json["phases"]?[1])
        #expect(phase["claimUsers"]?.int == 10_000)
        #expect(phase["rate"]?.double == 290)
        #expect(phase["failingRate"]?.double == 580)
        #expect(phase["users"]?.int == 2900)
        #expect(phase["limit"]?.string == "objectives")
        #expect(phase["bottleneck"]?["tier"]?.string == "app")
        #expect(phase["budgets"]?["app"]?.string == "10% of a core")
        #expect(phase["trials"]?.array?.count == 2)
    }

    @Test func `the drawing has a point for each phase and stands alone`() throws {
        var report = try Self.report()
        report.rungs[0].name = "<phase & 1>"
        let svg = report.svg
        #expect(svg.ranges(of: "<circle").count == 2)
        #expect(svg.contains("&lt;phase &amp; 1&gt;"))
        #expect(!svg.contains("<phase"))
        #expect(report.html.contains(svg))
        #expect(!report.html.contains("http://") || !report.html.contains("src="))
    }
}
