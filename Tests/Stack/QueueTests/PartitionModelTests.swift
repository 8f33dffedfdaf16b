// A partition against the naive model under many seeds, and planted bugs that these runs must find.

import Determinism
import Linux
import Testing

@testable import Queue

struct PartitionModelTests {
    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func `a partition does what the model does`(seed: UInt64) throws {
        var trial = PartitionTrial(seed: seed)
        for _ in 0..<500 { try trial.step() }
        #expect(trial.fencedCount > 0)
        #expect(trial.knownCount > 0)
        let dead = try #require(trial.model.topics["orders.dead"])
        #expect(Set(dead.compactMap(\.reason)).count >= 2)
        #expect(trial.model.topics["orders"]?.contains { $0.isGone } == true)
    }

    @Test(arguments: PlantedBug.allCases)
    func `a planted bug is found`(bug: PlantedBug) {
        let found = (1...10 as ClosedRange<UInt64>).contains { seed in
            var trial = PartitionTrial(seed: seed, bug: bug)
            do {
                for _ in 0..<600 { try trial.step() }
                return false
            } catch {
                return error is Mismatch
            }
        }
        #expect(found)
    }
}
