// Runs seeds in a row until one breaks a promise: for a core that should be right, and for planted bugs.

package import Raft

package struct Hunt: Sendable {
    package struct Catch: Sendable {
        package let seed: UInt64
        package let violation: Violation
        package let time: SimulatedTime
    }

    package private(set) var found: Catch?
    /// Seeds that were run, the one that was caught included.
    package private(set) var seeds = 0
    package private(set) var simulated = SimulatedTime.zero
    package private(set) var tallies = Tallies()

    package init() {}

    /// Runs one more seed; false when it broke a promise.
    package mutating func run(
        _ seed: UInt64, bug: PlantedBug? = nil, duration: SimulatedTime = .seconds(20)
    ) -> Bool {
        let schedule = Schedule.drawn(from: seed, duration: duration)
        var simulation = Simulation(schedule, bug: bug)
        let outcome = simulation.run()
        seeds += 1
        simulated = simulated + outcome.time
        tallies += outcome.tallies
        guard let violation = outcome.violation else { return true }
        found = Catch(seed: seed, violation: violation, time: outcome.time)
        return false
    }

    /// Runs seeds from the first on until one breaks a promise, or the number is reached.
    package static func run(
        from first: UInt64 = 1, seedsMax: Int, bug: PlantedBug? = nil,
        duration: SimulatedTime = .seconds(20), willRun: (UInt64) -> Void = { _ in }
    ) -> Hunt {
        var hunt = Hunt()
        for offset in 0..<UInt64(seedsMax) {
            willRun(first &+ offset)
            guard hunt.run(first &+ offset, bug: bug, duration: duration) else { break }
        }
        return hunt
    }
}
