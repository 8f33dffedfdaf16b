// Makes a schedule that breaks a promise as small as it gets, so that a person can read it.
//
// Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): take out
// ever smaller runs of events as long as the same promise still breaks. Then the weather and the group
// are made plainer in the same way. What comes out is a local minimum: no single event of it can go.

package import Raft

package struct Shrinker {
    private let bug: PlantedBug?
    private let promise: Promise
    /// Runs that were spent, and may be.
    package private(set) var runs = 0
    private let runsMax: Int
    package private(set) var schedule: Schedule
    package private(set) var outcome: Outcome

    /// Nil when the outcome of the schedule breaks nothing.
    package init?(_ schedule: Schedule, outcome: Outcome, bug: PlantedBug?, runsMax: Int = 3000) {
        guard let violation = outcome.violation else { return nil }
        self.schedule = schedule
        self.outcome = outcome
        self.bug = bug
        self.runsMax = runsMax
        promise = violation.promise
    }

    /// Shrinks until nothing helps any more or the runs are used up.
    package mutating func shrink() {
        cutTail()
        var before: Schedule
        repeat {
            before = schedule
            removeEvents()
            calmDown()
            cutTail()
        } while schedule != before && runs < runsMax
    }

    /// Takes the candidate if it breaks the same promise.
    @discardableResult
    private mutating func attempt(_ candidate: Schedule) -> Bool {
        guard candidate != schedule, runs < runsMax else { return false }
        runs += 1
        var simulation = Simulation(candidate, bug: bug)
        let result = simulation.run()
        guard result.violation?.promise == promise else { return false }
        schedule = candidate
        outcome = result
        return true
    }

    /// Drops all that comes after the violation.
    private mutating func cutTail() {
        var candidate = schedule
        candidate.events.removeAll { $0.time > outcome.time }
        if outcome.time < schedule.duration {
            candidate.duration = outcome.time + .milliseconds(1)
        }
        attempt(candidate)
    }

    private mutating func removeEvents() {
        var size = max(1, schedule.events.count / 2)
        while true {
            var start = 0
            while start < schedule.events.count, runs < runsMax {
                var candidate = schedule
                let end = min(start + size, candidate.events.count)
                candidate.events.removeSubrange(start..<end)
                if !attempt(candidate) { start = end }
            }
            if size == 1 { return }
            size /= 2
        }
    }

    private mutating func calmDown() {
        let changes: [(inout Schedule) -> Void] = [
            { $0.weather = .calm }, { $0.weather.lost = 0 }, { $0.weather.repeated = 0 },
            { $0.weather.straggling = 0 }, { $0.weather.delayMax = Weather.calm.delayMax },
            { $0.group.appendBytesMax = GroupShape().appendBytesMax },
            { $0.group.appendsInFlightMax = GroupShape().appendsInFlightMax },
            { $0.group.committedBytesMax = GroupShape().committedBytesMax },
            { $0.group.syncMin = GroupShape().syncMin }, { $0.group.encodesMessages = false },
            { $0.group.voters = 3 },
        ]
        for change in changes {
            var candidate = schedule
            change(&candidate)
            attempt(candidate)
        }
    }
}
