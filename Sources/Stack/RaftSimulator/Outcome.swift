// What a run has to say: the first broken promise if there is one, and how much there was to break.

/// Counts what happened, since a run in which nothing happens breaks nothing either.
package struct Tallies: Hashable, Sendable {
    package var steps = 0
    package var messages = 0
    package var lost = 0
    package var elections = 0
    package var commits = 0
    package var acknowledgements = 0
    package var reads = 0
    package var crashes = 0
    /// Ready-made writes that a crash kept from the disk, in whole or in part.
    package var writesLost = 0
    package var pauses = 0
    package var partitions = 0
    package var snapshots = 0
    package var truncations = 0
    /// Configurations that were committed, joint ones included.
    package var configurations = 0
    package var jointConfigurations = 0

    package static func += (left: inout Tallies, right: Tallies) {
        left.steps += right.steps
        left.messages += right.messages
        left.lost += right.lost
        left.elections += right.elections
        left.commits += right.commits
        left.acknowledgements += right.acknowledgements
        left.reads += right.reads
        left.crashes += right.crashes
        left.writesLost += right.writesLost
        left.pauses += right.pauses
        left.partitions += right.partitions
        left.snapshots += right.snapshots
        left.truncations += right.truncations
        left.configurations += right.configurations
        left.jointConfigurations += right.jointConfigurations
    }
}

package struct Outcome: Sendable {
    package let violation: Violation?
    /// When the run ended, by its own time.
    package let time: SimulatedTime
    package let tallies: Tallies
    /// Two runs with the same digest did the same.
    package let digest: UInt64
}
