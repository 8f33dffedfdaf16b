// How long writes are away when the leader is killed, as `faultline run` sees it: through balancer and app,
// under its load, with its faults, from the files that a run leaves behind.
//
// The time runs from the moment that the timeline gives for SIGKILL to the first acknowledgement of a write
// that was sent after it. One shard, or the other shard's writes would answer for it.

import Linux
import Wire

struct LeaderKillBench {
    private static let killsPerRun = 10

    private static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-leader-kill
        entry: balancer
        tiers:
          balancer: {role: balancer, count: 1, policy: least-connections, to: app}
          app: {role: app, count: 2, cache: cache, store: store, queue: queue}
          cache: {role: cache, count: 1, memory: 64MiB}
          store: {role: store, shards: 1, replicas: 3}
          queue: {role: queue, partitions: 1, replicas: 3}

        """

    private static let experiment = """
        load: {arrivals: even, rate: 400/s, journeys: {post: 100%}, users: 500}
        phases: {warmup: 2s, baseline: 2s, recovery: 2s, tail: 1s}
        method:
          - at: 0s
            for: 1s
            repeat: \(killsPerRun)
            every: 2500ms
            fault: kill
            target: store.shard-1.leader
        objectives:
          - availability >= 50% in baseline
          - lost_writes == 0

        """

    private let options: BenchOptions
    /// Kills, rounded up to whole runs.
    private let repetitions: Int

    init(_ options: BenchOptions) {
        self.options = options
        let wanted = options.repetitions ?? 20
        repetitions = (wanted + Self.killsPerRun - 1) / Self.killsPerRun * Self.killsPerRun
    }

    func perform() throws -> Int32 {
        Heading.write("Leader killed in `faultline run`", options, repetitions: repetitions)
        var outages: [Double] = []
        try BenchFolder.with { folder in
            let topology = try folder.write("topology.yaml", Self.topology)
            for run in 1...repetitions / Self.killsPerRun {
                let run = try (
                    number: run,
                    files: ExperimentRun.of(
                        Self.experiment, on: topology, options, in: folder, limit: .seconds(180))
                )
                let found = try LeaderKills.outages(
                    timeline: run.files.lines(of: "timeline.jsonl"),
                    history: run.files.lines(of: "history.jsonl"))
                outages += found
                let texts = found.map { Figure.text($0, places: 0) }
                Heading.progress("run \(run.number): \(texts.joined(separator: ", ")) ms")
            }
        }
        var table = MarkdownTable("until writes succeed again, ms", "p50", "p99", "least to most")
        if let row = Outages.cells(outages) { table.add(["through `faultline run`"] + row) }
        Output.write(table.text, to: 1)
        return 0
    }
}

/// What the files of a run say of its kills.
enum LeaderKills {
    /// Milliseconds, in the order of the kills; throws when a kill was not proven, or nothing was written
    /// after it.
    static func outages(timeline: [JSON], history: [JSON]) throws -> [Double] {
        let proven = Set(
            timeline.filter { $0["kind"]?.string == "proved" }.compactMap { $0["step"]?.string })
        let kills = timeline.filter { $0["kind"]?.string == "inject" }
        if kills.isEmpty { throw BenchError("the run killed no leader") }
        let writes = writes(in: history)
        return try kills.map { kill in
            guard let step = kill["step"]?.string, proven.contains(step),
                let killed = kill["actual"]?.int64
            else { throw BenchError("a kill that was not proven: \(kill.text)") }
            let first = writes.filter { $0.started >= killed }.map(\.completed).min()
            guard let first else {
                throw BenchError("no write was acknowledged after step \(step)")
            }
            return Double(first - killed) / 1e6
        }
    }

    /// When each acknowledged write was sent and acknowledged; nanoseconds.
    private static func writes(in history: [JSON]) -> [(started: Int64, completed: Int64)] {
        var started: [Int64: Int64] = [:]
        var writes: [(Int64, Int64)] = []
        for line in history {
            guard let index = line["index"]?.int64 else { continue }
            switch line["type"]?.string {
            case "invoke" where line["effect"]?.string == "post":
                started[index] = line["started"]?.int64
            case "ok":
                guard let start = started[index], let end = line["completed"]?.int64 else {
                    continue
                }
                writes.append((start, end))
            default: continue
            }
        }
        return writes
    }
}

/// Outages as the cells of a table: p50, p99 by nearest rank, least to most.
enum Outages {
    static func cells(_ outages: [Double]) -> [String]? {
        let sorted = outages.sorted()
        guard let spread = Spread(sorted) else { return nil }
        let rank = max(0, (sorted.count * 99 + 99) / 100 - 1)
        return [spread.cells()[0], Figure.text(sorted[rank], places: 0), spread.cells()[1]]
    }
}
