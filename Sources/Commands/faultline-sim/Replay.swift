// One seed again, with all that happens in it in words.

import Linux
import Raft
import RaftSimulator

struct Replay {
    private let schedule: Schedule
    private let options: SimOptions

    init(_ seed: UInt64, _ options: SimOptions) {
        self.options = options
        let drawn = Schedule.drawn(from: seed, duration: options.duration)
        var simulation = Simulation(drawn, bug: options.bug)
        let outcome = simulation.run()
        var shrinker = options.shrinks ? Shrinker(drawn, outcome: outcome, bug: options.bug) : nil
        shrinker?.shrink()
        schedule = shrinker?.schedule ?? drawn
    }

    func perform() -> Int32 {
        Output.write("\(schedule)\n\n", to: 1)
        // Line by line, so that a core that traps is followed up to there.
        var simulation = Simulation(schedule, bug: options.bug) {
            Output.write("\($0)  \($1)\n", to: 1)
        }
        let outcome = simulation.run()
        guard let violation = outcome.violation else {
            Output.write("no promise broken\n", to: 1)
            return 0
        }
        Output.write("at \(outcome.time) \(violation)\n", to: 1)
        return 1
    }
}
