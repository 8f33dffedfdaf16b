// Whole runs: the core keeps its promises over a bounded number of seeds, every planted bug does not, and
// what a run found can be seen again and made small. `faultline-sim` runs as many seeds as wanted.

import Raft
import Testing

@testable import RaftSimulator

struct SimulationTests {
    private static let duration = SimulatedTime.seconds(8)

    @Test(.timeLimit(.minutes(2)))
    func `no promise breaks, whatever the network, the disks and the crashes do`() {
        let hunt = Hunt.run(from: 1, seedsMax: 40, duration: Self.duration)
        #expect(hunt.found == nil, "seed \(hunt.found?.seed ?? 0)")
        // A run in which nothing happens breaks nothing either.
        let tallies = hunt.tallies
        #expect(tallies.elections > 100)
        #expect(tallies.acknowledgements > 2000)
        #expect(tallies.reads > 1000)
        #expect(tallies.crashes > 200)
        #expect(tallies.writesLost > 100)
        #expect(tallies.pauses > 5)
        #expect(tallies.partitions > 100)
        #expect(tallies.snapshots > 5)
        #expect(tallies.truncations > 10)
        #expect(tallies.jointConfigurations > 5)
        #expect(tallies.lost > 1000)
    }

    /// `faultline-sim --bugs` shows from any other seed on what each bug takes.
    @Test(.timeLimit(.minutes(2)), arguments: PlantedBug.allCases)
    func `a planted bug is found within sixty seeds`(bug: PlantedBug) {
        let hunt = Hunt.run(from: 7001, seedsMax: 60, bug: bug)
        #expect(hunt.found != nil, "\(bug.rawValue) after \(hunt.simulated.seconds) s")
    }

    @Test func `the same schedule gives the same run, and another seed another one`() {
        func outcome(_ seed: UInt64) -> Outcome {
            var simulation = Simulation(.drawn(from: seed, duration: Self.duration))
            return simulation.run()
        }
        let (first, second) = (outcome(11), outcome(11))
        #expect(first.digest == second.digest)
        #expect(first.tallies == second.tallies)
        #expect(first.digest != outcome(12).digest)
    }

    @Test func `a run that is told about is the same run`() {
        let schedule = Schedule.drawn(from: 5, duration: Self.duration)
        var lines = 0
        var told = Simulation(schedule) { _, _ in lines += 1 }
        var silent = Simulation(schedule)
        #expect(told.run().digest == silent.run().digest)
        #expect(lines > 100)
    }

    @Test func `any part of a schedule can run`() {
        let schedule = Schedule.drawn(from: 3, duration: Self.duration)
        for step in [2, 3, 7] {
            var part = schedule
            part.events = part.events.enumerated().filter { $0.offset % step == 0 }.map(\.element)
            var simulation = Simulation(part)
            #expect(simulation.run().violation == nil)
        }
    }

    @Test func `a group that cannot agree is said to make no progress`() {
        var schedule = Schedule.drawn(from: 1, duration: .milliseconds(10))
        // With such links no message ever arrives in time, also when all faults are over.
        schedule.events = []
        schedule.group.electionTimeout = .milliseconds(40)
        schedule.group.tick = .milliseconds(20)
        schedule.group.heartbeat = .milliseconds(20)
        schedule.group.syncMin = .milliseconds(500)
        var simulation = Simulation(schedule)
        #expect(simulation.run().violation?.promise == .progress)
    }
}

struct ShrinkerTests {
    @Test(.timeLimit(.minutes(1)))
    func `a schedule shrinks to a few events that all are needed`() throws {
        let bug = PlantedBug.readsWithoutQuorum
        let hunt = Hunt.run(from: 1, seedsMax: 60, bug: bug)
        let seed = try #require(hunt.found?.seed)
        let schedule = Schedule.drawn(from: seed)
        var simulation = Simulation(schedule, bug: bug)
        let outcome = simulation.run()
        var shrinker = try #require(Shrinker(schedule, outcome: outcome, bug: bug, runsMax: 400))
        shrinker.shrink()
        let small = shrinker.schedule
        #expect(small.events.count < 12)
        #expect(shrinker.outcome.violation?.promise == outcome.violation?.promise)
        for place in small.events.indices {
            var smaller = small
            smaller.events.remove(at: place)
            var simulation = Simulation(smaller, bug: bug)
            #expect(simulation.run().violation?.promise != outcome.violation?.promise)
        }
    }

    @Test func `a run that breaks nothing is not shrunk`() {
        let schedule = Schedule.drawn(from: 1, duration: .seconds(1))
        var simulation = Simulation(schedule)
        #expect(Shrinker(schedule, outcome: simulation.run(), bug: nil) == nil)
    }
}
