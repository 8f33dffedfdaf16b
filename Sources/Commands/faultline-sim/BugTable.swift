// Looks for each planted bug, and tells how many seeds that took and which check caught it.

import Linux
import Raft
import RaftSimulator
import Wire

struct BugTable {
    private let options: SimOptions
    private var rows: [(bug: PlantedBug, hunt: Hunt)] = []

    init(_ options: SimOptions) { self.options = options }

    /// The status to exit with: 1 when a bug was not found. `willRun` is told of each seed.
    mutating func perform(willRun: (UInt64, PlantedBug) -> Void) -> Int32 {
        if !options.isJSON {
            Output.write(
                "| planted bug | seeds | simulated s | caught by |\n|---|---|---|---|\n", to: 1)
        }
        for bug in PlantedBug.allCases {
            let hunt = Hunt.run(
                from: options.first, seedsMax: options.seeds, bug: bug, duration: options.duration
            ) { willRun($0, bug) }
            rows.append((bug, hunt))
            if !options.isJSON { Output.write(line(bug, hunt), to: 1) }
        }
        if options.isJSON {
            Output.write(JSON.array(rows.map { json($0.bug, $0.hunt) }).text + "\n", to: 1)
        }
        return rows.allSatisfy { $0.hunt.found != nil } ? 0 : 1
    }

    private func line(_ bug: PlantedBug, _ hunt: Hunt) -> String {
        let catcher = hunt.found?.violation.promise.rawValue ?? "nothing"
        let seconds = Figure.short(hunt.simulated.seconds)
        return "| \(bug.rawValue) | \(hunt.seeds) | \(seconds) | \(catcher) |\n"
    }

    private func json(_ bug: PlantedBug, _ hunt: Hunt) -> JSON {
        .object([
            ("bug", .string(bug.rawValue)), ("seeds", .integer(Int64(hunt.seeds))),
            ("simulatedSeconds", .number(hunt.simulated.seconds)),
            ("promise", hunt.found.map { .string($0.violation.promise.rawValue) } ?? .null),
            ("seed", hunt.found.map { .string("\($0.seed)") } ?? .null),
        ])
    }
}
