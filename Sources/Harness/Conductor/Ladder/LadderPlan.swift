// What `faultline ladder` is to do: the topologies, the users, the objectives, and how long each trial takes.

import Checkers
package import Experiment
import Linux

package struct LadderPlan: Sendable {
    /// In the order of the rungs.
    package var topologies: [Topology]
    package var objectives: [Objective]
    package var load: LoadProfile
    package var seed: UInt64 = 1
    package var lengths = Lengths()
    package var search = SearchRange()
    /// Members killed on each rung: the weakest, and where those are others an app and a store.
    package var killsMax = 3

    package struct Lengths: Sendable {
        /// Of a trial, not judged: connections open, caches fill.
        package var warmup: Duration = .seconds(1)
        /// Of a trial, judged.
        package var trial: Duration = .seconds(4)
        /// From the kill until the node is started again.
        package var outage: Duration = .seconds(3)
        /// Before and after a kill.
        package var baseline: Duration = .seconds(2)
        package var recovery: Duration = .seconds(3)
        package var tail: Duration = .seconds(1)
        /// Longest that work left over by a trial may take to be done.
        package var settling: Duration = .seconds(10)

        package init() {}
    }

    package struct SearchRange: Sendable {
        /// Requests a second.
        package var start = 100.0
        package var most = 20_000.0
        package var precision = 1.1
        package var trialsMax = 16

        package init() {}
    }

    package init(topologies: [Topology], objectives: [Objective], load: LoadProfile) {
        self.topologies = topologies
        self.objectives = objectives
        self.load = load
    }

    var rateSearch: RateSearch {
        var settings = RateSearch.Settings()
        settings.start = search.start
        settings.least = min(1, search.start)
        settings.most = max(search.most, search.start)
        settings.precision = search.precision
        settings.trialsMax = search.trialsMax
        return RateSearch(settings)
    }

    /// The phases around a kill.
    var killPhases: PhasePlan {
        var phases = PhasePlan()
        phases.warmup = lengths.warmup
        phases.baseline = lengths.baseline
        phases.recovery = lengths.recovery
        phases.tail = lengths.tail
        return phases
    }
}
