// How long faults take. Those of the network come from `faultline calibrate`, one direction at a time;
// all of them also as they happen in runs, where a target may be many links and the stack is busy:
// from the timelines, the action itself and the time until it was proven to act.

import Linux
import Testbed
import Wire

struct FaultsBench {
    /// Each fault once, apart from the others, so that none waits for another's recovery.
    private static let experiment = """
        load: {arrivals: even, rate: 100/s, journeys: {browse: 60%, post: 40%}, users: 50}
        phases: {warmup: 1s, baseline: 1s, recovery: 1s, tail: 1s}
        method:
          - {at: 0s, for: 300ms, fault: kill, target: one of app}
          - {at: 1s, for: 300ms, fault: pause, target: one of app}
          - {at: 2s, for: 300ms, fault: kill, target: store.shard-1.leader}
          - {at: 3s, for: 300ms, fault: pause, target: store.shard-2.leader}
          - at: 4s
            for: 600ms
            fault: latency
            delay: 5ms
            target: {between: [store.shard-1.leader, store.shard-1.followers]}
          - at: 5s
            for: 600ms
            fault: loss
            ratio: 30%
            target: {between: [app, cache]}
          - {at: 6s, for: 600ms, fault: partition, target: {isolate: one of app}}
          - {at: 7s, fault: cache-flush, target: cache}
        objectives:
          - availability >= 1% in baseline

        """

    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) {
        self.options = options
        repetitions = options.repetitions ?? 5
    }

    func perform() throws -> Int32 {
        Heading.write("Faults", options, repetitions: repetitions)
        Output.write(try calibration().text + "\n", to: 1)
        var timings = FaultTimings()
        try BenchFolder.with { folder in
            for repetition in 1...repetitions {
                let run = try ExperimentRun.of(
                    Self.experiment, options, in: folder, limit: .seconds(120))
                try timings.add(run.lines(of: "timeline.jsonl"))
                Heading.progress("run \(repetition) of \(repetitions)")
            }
        }
        Output.write(timings.table.text, to: 1)
        return 0
    }

    private func calibration() throws -> MarkdownTable {
        let run = try ToolRun.of(
            [try options.program("faultline"), "calibrate", "--json"], limit: .seconds(120))
        guard run.status == .exited(0), let line = run.lines.last else {
            throw BenchError("faultline calibrate: \(run.status)")
        }
        let figures = try JSON.parse(Array(line.text.utf8).span)
        var table = MarkdownTable("`faultline calibrate`, us", "p50", "p99", "max", "samples")
        let rows = [
            ("error of a 50 ms delay", "delayError"), ("one way without a fault", "direct"),
            ("inject a delay", "inject"), ("heal a delay", "heal"),
            ("block a direction", "block"), ("unblock it", "unblock"),
            ("attach a node", "attach"),
        ]
        for (name, key) in rows {
            guard let row = figures[key], let samples = row["samples"]?.int64 else { continue }
            let times = ["p50Nanoseconds", "p99Nanoseconds", "maxNanoseconds"].map { member in
                row[member]?.int64.map { Duration.nanoseconds($0).microsecondsText } ?? "-"
            }
            table.add([name] + times + ["\(samples)"])
        }
        return table
    }
}

/// The timings of faults of some runs, by fault.
struct FaultTimings {
    private struct Timings {
        var inject: [Duration] = []
        var proved: [Duration] = []
        var heal: [Duration] = []
        var provedHealed: [Duration] = []
    }

    private var faults: [(name: String, timings: Timings)] = []

    /// Takes the events of one run; a fault whose effect was not proven is an error.
    mutating func add(_ timeline: [JSON]) throws {
        let injections = timeline.filter { $0["kind"]?.string == "inject" }
        if injections.isEmpty { throw BenchError("the run injected no fault") }
        for injection in injections {
            guard let step = injection["step"]?.string, let fault = injection["fault"]?.string
            else { throw BenchError("a fault without its name: \(injection.text)") }
            let events = timeline.filter { $0["step"]?.string == step }
            try record(fault, events)
        }
    }

    private mutating func record(_ fault: String, _ events: [JSON]) throws {
        func event(_ kind: String) throws -> JSON {
            guard let event = events.first(where: { $0["kind"]?.string == kind }) else {
                throw BenchError("\(fault) has no event \"\(kind)\"")
            }
            return event
        }
        let (inject, heal) = (try event("inject"), try event("heal"))
        let index = place(of: fault)
        faults[index].timings.inject.append(try Self.time(inject, "took"))
        faults[index].timings.heal.append(try Self.time(heal, "took"))
        faults[index].timings.proved.append(
            try Self.time(event("proved"), "actual") - Self.time(inject, "actual"))
        faults[index].timings.provedHealed.append(
            try Self.time(event("proved-healed"), "actual") - Self.time(heal, "actual"))
    }

    private mutating func place(of fault: String) -> Int {
        if let known = faults.firstIndex(where: { $0.name == fault }) { return known }
        faults.append((fault, Timings()))
        return faults.count - 1
    }

    private static func time(_ event: JSON, _ member: String) throws -> Duration {
        guard let nanoseconds = event[member]?.int64 else {
            throw BenchError("an event without \"\(member)\": \(event.text)")
        }
        return .nanoseconds(nanoseconds)
    }

    /// Milliseconds; p50 and worst, since a handful of runs has no p99 of its own.
    var table: MarkdownTable {
        var table = MarkdownTable(
            "in runs, ms: p50 / max", "inject", "until proven", "heal", "until proven healed",
            "samples")
        for (name, timings) in faults {
            let columns = [timings.inject, timings.proved, timings.heal, timings.provedHealed]
            let cells = columns.map { times -> String in
                guard let summary = DurationSummary(times) else { return "-" }
                return [summary.p50, summary.most]
                    .map { Figure.text($0.seconds * 1e3, places: 3) }.joined(separator: " / ")
            }
            table.add([name] + cells + ["\(timings.inject.count)"])
        }
        return table
    }
}
