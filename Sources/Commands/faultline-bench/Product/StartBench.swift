// From the command to load running, measured from outside: just before the process is started, until
// its line about the load was seen, and until the first request of the load went out. Nothing is warm
// but the disk cache: every run makes its namespaces, links, processes and elections anew.

import Linux
import Wire

struct StartBench {
    private static let experiment = """
        load: {arrivals: even, rate: 100/s, journeys: {browse: 100%}, users: 50}
        phases: {warmup: 500ms, baseline: 1s, recovery: 1s, tail: 1s}
        method:
          - {at: 0s, for: 100ms, fault: pause, target: one of app}
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
        Heading.write("Start", options, repetitions: repetitions)
        var times: [StartTimes] = []
        try BenchFolder.with { folder in
            for _ in 0..<repetitions {
                let run = try ExperimentRun.of(
                    Self.experiment, options, in: folder, limit: .seconds(60))
                let time = try StartTimes(run)
                Heading.progress("load on after \(Figure.text(time.loadOn, places: 0)) ms")
                times.append(time)
            }
        }
        let processes = times.first?.processes ?? 0
        var table = MarkdownTable(
            "`faultline run`, \(processes) processes", "median, ms", "least to most")
        table.add([
            ("from the command to \"load on\"", times.map(\.loadOn)),
            ("from the command to the first request", times.map(\.firstRequest)),
        ])
        Output.write(table.text, to: 1)
        return 0
    }
}

/// Milliseconds since just before the command was started.
private struct StartTimes {
    let processes: Int
    let loadOn: Double
    let firstRequest: Double

    init(_ run: ExperimentRun) throws {
        let sign = " processes ready and load on after "
        guard
            let line = run.tool.lines.first(where: { $0.text.contains(sign) }),
            let processes = line.text.split(separator: " ").first.flatMap({ Int($0) })
        else { throw BenchError("the run never said that the load is on") }
        self.processes = processes
        loadOn = (line.seen - run.tool.started).seconds * 1e3
        // The first event's offset and monotonic time give the epoch that the history counts from.
        guard let event = try run.lines(of: "timeline.jsonl").first,
            let monotonic = event["monotonic"]?.int64, let actual = event["actual"]?.int64,
            let sent = try run.lines(of: "history.jsonl").compactMap({ $0["started"]?.int64 }).min()
        else { throw BenchError("the run's files do not tell when its first request was sent") }
        let first = MonotonicTime(nanoseconds: monotonic - actual + sent)
        firstRequest = (first - run.tool.started).seconds * 1e3
    }
}
