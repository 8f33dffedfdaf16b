// Whether a claim holds is said by the figures: a step that does not bear it out must be told so.

import Checkers
import Experiment
import Linux
import Testing
import Wire

@testable import Report

struct LadderStepTests {
    private static let second: Int64 = 1_000_000_000

    private static func topology(_ name: String) throws -> Topology {
        let text = """
            apiVersion: faultline/v1
            kind: Topology
            name: \(name)
            entry: app
            tiers:
              app: {exec: [app], serves: app, port: 8080, budget: {cpu: 10%}}
              store: {exec: [store], port: 7000, budget: {cpu: 10%}}
            """
        let path = "/tmp/faultline-step-\(CurrentProcess.id)-\(name).yaml"
        try File.save(Array(text.utf8), to: path)
        defer { try? File.remove(path) }
        return try ExperimentLoader.topology(path: path)
    }

    /// A rung that holds at `rate` and fails at a tenth more, where `tier` is full.
    private static func rung(
        _ name: String, _ rate: Double, full tier: String,
        _ change: (inout NodeSample) -> Void = { _ in }
    ) throws -> LadderRung {
        var rung = LadderRung(try topology(name))
        var search = RateSearch(RateSearch.Settings())
        while case .trial(let tried, _) = search.step {
            search.record(tried <= rate ? .held : .failed)
        }
        guard case .finished(var result) = search.step else { return rung }
        (result.rate, result.failing) = (rate, rate * 1.1)
        rung.result = result
        let samples = ["app", "store"].flatMap { name in
            (1...4).map { index in
                var sample = NodeSample(
                    node: "\(name)-1", tier: name, at: Int64(index) * second)
                (sample.cpu, sample.cpuBudget) = (name == tier ? 0.099 : 0.05, 0.1)
                change(&sample)
                return sample
            }
        }
        rung.costs = TierCost.costs(samples, at: rate)
        guard let first = Bottleneck(samples).first else { return rung }
        rung.bottleneck = LadderBottleneck(rate: rate * 1.1, finding: first)
        return rung
    }

    @Test func `a higher rate with another tier at its limit bears the claim out`() throws {
        let step = LadderStep(
            try Self.rung("phase-1", 400, full: "app"), try Self.rung("phase-2", 900, full: "store")
        )
        #expect(step.claim == .holds)
        #expect(
            step.text
                == "400/s to 900/s, x2.2; app (cpu) was first to saturate, now it is store (cpu)"
                || step.text.contains("x2.3"), "\(step.text)")
    }

    @Test func `a higher rate with the same tier at its limit eases it`() throws {
        let step = LadderStep(
            try Self.rung("phase-1", 400, full: "app"), try Self.rung("phase-2", 900, full: "app"))
        #expect(step.claim == .eased)
        #expect(step.text.contains("app (cpu) is the first to saturate in both"))
    }

    @Test func `no higher rate refutes it, and says what stands in the way`() throws {
        let before = try Self.rung("phase-1", 400, full: "app")
        // More, but less than the rate at which the phase before broke: within the error of both.
        let same = LadderStep(before, try Self.rung("phase-2", 430, full: "app"))
        #expect(same.claim == .fails)
        #expect(same.text.contains("230 us on one node of 10% of a core each"), "\(same.text)")
        #expect(same.text.contains("after 248 us before"), "\(same.text)")
        let other = LadderStep(before, try Self.rung("phase-2", 300, full: "store"))
        #expect(other.claim == .fails)
        #expect(
            other.text.contains("app (cpu) is relieved, but store (cpu) saturates at no higher"))
    }

    @Test func `what was not brought to the limit of a tier says nothing`() throws {
        let before = try Self.rung("phase-1", 400, full: "app")
        let idle = try Self.rung("phase-2", 900, full: "nobody")
        #expect(LadderStep(before, idle).claim == .unknown)
        #expect(LadderStep(before, idle).text.contains("no tier of phase-2 was saturated"))
        let crowded = try Self.rung("phase-2", 900, full: "nobody") { $0.runQueueWait = 0.8 }
        #expect(LadderStep(before, crowded).text.contains("the host was too small for phase-2"))
        var endless = try Self.rung("phase-2", 900, full: "store")
        endless.result?.failing = nil
        endless.result?.limit = .range
        #expect(LadderStep(before, endless).text.contains("phase-2 was not brought to its limit"))
        var unmeasured = endless
        unmeasured.result = nil
        #expect(LadderStep(unmeasured, before).claim == .unknown)
    }

    @Test func `the report has each step, in words and as JSON`() throws {
        var report = LadderReport(
            objectives: [], load: LoadProfile(rate: 1, journeys: []), seed: 1, started: "",
            host: [])
        report.rungs = [
            try Self.rung("phase-1", 400, full: "app"),
            try Self.rung("phase-2", 300, full: "store"),
            try Self.rung("phase-3", 900, full: "app"),
        ]
        #expect(report.steps.map(\.claim) == [.fails, .holds])
        let text = report.text(coloured: false)
        #expect(text.contains("phase-1 to phase-2: fails: 400/s to 300/s"))
        #expect(text.contains("a request costs store"))
        #expect(report.json["steps"]?[1]?["claim"]?.string == "holds")
        #expect(report.json["phases"]?[0]?["costs"]?[0]?["tier"]?.string == "app")
        #expect(report.html.contains("fails: 400/s to 300/s"))
    }
}
