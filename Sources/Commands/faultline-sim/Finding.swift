// A broken promise as it is told: the seed, what broke, and the least schedule that still breaks it.

import Linux
import Raft
import RaftSimulator
import Wire

struct Finding {
    private let seed: UInt64
    private let violation: Violation?
    private let schedule: Schedule
    private let eventsBefore: Int
    private let replay: String

    /// Runs the seed again, and shrinks it if that is wanted.
    init(seed: UInt64, _ options: SimOptions) {
        self.seed = seed
        let drawn = Schedule.drawn(from: seed, duration: options.duration)
        var simulation = Simulation(drawn, bug: options.bug)
        let outcome = simulation.run()
        eventsBefore = drawn.events.count
        var shrinker = options.shrinks ? Shrinker(drawn, outcome: outcome, bug: options.bug) : nil
        if shrinker != nil { Output.write("seed \(seed) breaks; shrinking it\n", to: 2) }
        shrinker?.shrink()
        schedule = shrinker?.schedule ?? drawn
        violation = shrinker?.outcome.violation ?? outcome.violation
        replay = Self.command(seed, bug: options.bug, duration: options.duration)
    }

    /// The command that shows a seed again.
    static func command(_ seed: UInt64, bug: PlantedBug?, duration: SimulatedTime) -> String {
        let bug = bug.map { " --bug=\($0.rawValue)" } ?? ""
        return "faultline-sim --replay=\(seed) --duration=\(duration.microseconds / 1000)ms\(bug)"
    }

    var text: String {
        """
        seed \(seed) breaks: \(violation.map { "\($0)" } ?? "nothing when it is run again")
        \(schedule.events.count) of \(eventsBefore) events are left that break it:
        \(schedule)
        see it happen: \(replay)
        """
    }

    var json: JSON {
        .object([
            ("seed", .string("\(seed)")),
            ("promise", .string(violation?.promise.rawValue ?? "")),
            ("detail", .string(violation?.detail ?? "")),
            ("eventsBefore", .integer(Int64(eventsBefore))),
            ("events", .array(schedule.events.map { .string("\($0)") })),
            ("replay", .string(replay)),
        ])
    }
}
