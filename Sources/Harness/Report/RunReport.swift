// A finished run as its reports tell it: the verdict, and the facts that one needs to run it again
// somewhere else and compare. Each report is one extension in a file of its own, and each gives bytes
// or text; who calls them decides where they go.

package import Checkers

package struct RunReport: Sendable {
    package var facts: RunFacts
    package var verdict: Verdict

    package init(_ facts: RunFacts, _ verdict: Verdict) {
        self.facts = facts
        self.verdict = verdict
    }
}

/// What was run, and on what.
package struct RunFacts: Sendable {
    package var experiment: String
    /// The experiment file as it was given; nil: it came from elsewhere.
    package var file: String?
    package var topology: String?
    package var seed: UInt64
    /// Start of the run in RFC 3339.
    package var started: String
    /// From the start to the verdict, in nanoseconds.
    package var elapsed: Int64
    /// Kernel, processors, memory: what figures depend on.
    package var host: [Fact] = []
    /// By tier, what the kernel held each node to; empty: nothing.
    package var budgets: [Fact] = []
    /// Versions of Faultline, Swift and the programs under test.
    package var versions: [Fact] = []

    package init(experiment: String, seed: UInt64, started: String, elapsed: Int64) {
        self.experiment = experiment
        self.seed = seed
        self.started = started
        self.elapsed = elapsed
    }

    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}
