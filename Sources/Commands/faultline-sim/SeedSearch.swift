// Runs seeds until one breaks a promise, or one seed again, and says what came of it.

import Linux
import Raft
import RaftSimulator
import Wire

struct SeedSearch {
    private let options: SimOptions
    private var hunt = Hunt()
    private let start = MonotonicTime.now()
    private var announced = MonotonicTime.now()

    init(_ options: SimOptions) { self.options = options }

    /// The status to exit with: 1 when a promise broke. `willRun` is told of each seed.
    mutating func perform(willRun: (UInt64) -> Void) -> Int32 {
        for offset in 0..<UInt64(options.seeds) {
            let seed = options.first &+ offset
            willRun(seed)
            guard hunt.run(seed, bug: options.bug, duration: options.duration) else { break }
            announce()
        }
        let finding = hunt.found.map { Finding(seed: $0.seed, options) }
        report(finding)
        return finding == nil ? 0 : 1
    }

    private var realSeconds: Double {
        max(Double((MonotonicTime.now() - start).nanoseconds) / 1e9, 1e-9)
    }

    private mutating func announce() {
        guard MonotonicTime.now() - announced > .seconds(2) else { return }
        announced = .now()
        let rate = Int(hunt.simulated.seconds / realSeconds)
        Output.write(
            "\(hunt.seeds) of \(options.seeds) seeds, \(Int(hunt.simulated.seconds)) s simulated, "
                + "\(rate) s in one\n", to: 2)
    }

    private func report(_ finding: Finding?) {
        let seconds = realSeconds
        if options.isJSON { return Output.write(json(finding, seconds).text + "\n", to: 1) }
        let tallies = hunt.tallies
        Output.write(
            """
            \(hunt.seeds) seeds from \(options.first), \(Int(hunt.simulated.seconds)) s simulated in \
            \(Figure.short(seconds)) s: \(Int(hunt.simulated.seconds / seconds)) s in one
            \(tallies.steps) steps, \(tallies.messages) messages, \(tallies.lost) lost, \
            \(tallies.elections) elections, \(tallies.commits) commits
            \(tallies.crashes) crashes, \(tallies.writesLost) writes lost in them, \(tallies.damages) damaged journals, \
            \(tallies.pauses) pauses, \(tallies.partitions) partitions, \
            \(tallies.snapshots) snapshots, \(tallies.truncations) cuts, \
            \(tallies.configurations) configurations (\(tallies.jointConfigurations) joint)
            \(tallies.acknowledgements) writes acknowledged, \(tallies.reads) reads judged
            \(finding?.text ?? "no promise broken")

            """, to: 1)
    }

    private func json(_ finding: Finding?, _ seconds: Double) -> JSON {
        .object([
            ("seeds", .integer(Int64(hunt.seeds))), ("from", .string("\(options.first)")),
            ("bug", options.bug.map { .string($0.rawValue) } ?? .null),
            ("simulatedSeconds", .number(hunt.simulated.seconds)),
            ("realSeconds", .number(seconds)),
            ("simulatedPerReal", .number(hunt.simulated.seconds / seconds)),
            ("steps", .integer(Int64(hunt.tallies.steps))),
            ("messages", .integer(Int64(hunt.tallies.messages))),
            ("elections", .integer(Int64(hunt.tallies.elections))),
            ("commits", .integer(Int64(hunt.tallies.commits))),
            ("acknowledgements", .integer(Int64(hunt.tallies.acknowledgements))),
            ("reads", .integer(Int64(hunt.tallies.reads))),
            ("crashes", .integer(Int64(hunt.tallies.crashes))),
            ("configurations", .integer(Int64(hunt.tallies.configurations))),
            ("violation", finding?.json ?? .null),
        ])
    }
}

enum Figure {
    /// With two decimals.
    static func short(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
