// An objective is one sentence of the experiment that a run must make true, such as
// `p99 < 250ms in recovery`. This file holds what such a sentence means once it has been read; the
// grammar and the reading of it are in ObjectiveParser.swift, and the judging is in Checkers.
//
// Limits are kept as whole numbers (billionths, nanoseconds, thousandths), because `99.9%` is not a
// binary fraction: 999 answers of 1000 must hold `availability >= 99.9%`, not miss it by one bit.

/// A part of a run, in the order in which the parts follow each other.
package enum Phase: String, CaseIterable, Hashable, Sendable {
    /// Load runs and nothing is judged: connections open, caches fill.
    case warmup
    /// The steady state that the faults are compared with.
    case baseline
    /// From the first injection to the last heal.
    case fault
    /// From the last heal until the system had its time to come back.
    case recovery
    /// The end of the run, in which the steady state must hold again.
    case tail
}

/// One claim about a run, with the words that it was written in.
package struct Objective: Hashable, Sendable {
    /// The sentence as the user wrote it, without surrounding blanks; reports repeat it.
    package let text: String
    package let claim: Claim
    package let slice: Slice

    package init(text: String, claim: Claim, slice: Slice = Slice()) {
        self.text = text
        self.claim = claim
        self.slice = slice
    }
}

extension Objective {
    /// Which operations the claim is about.
    package struct Slice: Hashable, Sendable {
        /// Nil: the whole run after the warm-up.
        package var phase: Phase?
        /// Nil: all journeys.
        package var journey: String?
        /// Of a claim about groups of replicas; nil: those of all tiers.
        package var tier: String?

        package init(phase: Phase? = nil, journey: String? = nil, tier: String? = nil) {
            self.phase = phase
            self.journey = journey
            self.tier = tier
        }
    }

    package enum Claim: Hashable, Sendable {
        /// Share of the planned operations that ended well, by intended time.
        case availability(Comparison, Ratio)
        /// Share of the planned operations that did not end well: the rest of availability.
        case errorRate(Comparison, Ratio)
        /// Share of the planned operations that ended well with a stale answer of a cache.
        case staleShare(Comparison, Ratio)
        case latency(Percentile, Comparison, LatencyLimit)
        /// Good answers that arrived within the slice; unlike availability, late ones are missing.
        case rate(Comparison, RateLimit)
        case recovery(Comparison, Duration, after: RecoveryScope)
        case count(Anomaly, Comparison, Int)
        /// How often a group of replicas got another leader, or the same one anew, as its role probes
        /// told.
        case leaderChanges(Comparison, Int)
        /// How far a number in the INFO of a tier's nodes has risen, all of them together.
        case counter(Counter, Comparison, Int)
    }

    /// A number that the nodes of a tier tell about themselves, such as `store.reads`.
    package struct Counter: Hashable, Sendable, CustomStringConvertible {
        package var tier: String
        package var field: String

        package init(tier: String, field: String) {
            self.tier = tier
            self.field = field
        }

        package var description: String { "\(tier).\(field)" }
    }

    package enum LatencyLimit: Hashable, Sendable {
        case duration(Duration)
        /// A multiple, in thousandths, of the same percentile in another phase.
        case multiple(thousandths: Int64, of: Phase)
    }

    package enum RateLimit: Hashable, Sendable {
        case shareOfPlanned(Ratio)
        /// Thousandths of an operation a second.
        case perSecond(thousandths: Int64)
    }

    /// From which moment of which faults recovery is counted.
    package struct RecoveryScope: Hashable, Sendable {
        package enum Origin: String, Hashable, Sendable {
            case injection
            case heal
        }

        package var origin: Origin
        /// The name of a fault, such as `kill`; nil: every fault of the run.
        package var fault: String?

        package init(origin: Origin = .injection, fault: String? = nil) {
            self.origin = origin
            self.fault = fault
        }
    }

    /// What a consistency check counts, spelled as in an objective.
    package enum Anomaly: String, CaseIterable, Hashable, Sendable {
        case lostWrites = "lost_writes"
        case duplicateEffects = "duplicate_effects"
        /// Acknowledged orders that nobody could do and that lie in the dead-letter topic.
        case deadLetters = "dead_letters"
        /// Requests whose session the system had granted and then did not know.
        case lostSessions = "lost_sessions"
    }

    /// Percentiles that an objective may name, spelled as in an objective.
    package enum Percentile: String, CaseIterable, Hashable, Sendable {
        case p50, p90, p95, p99
        case p999 = "p99.9"

        /// The percentile in thousandths, so that a rank is computed without rounding errors.
        package var perMille: Int {
            switch self {
            case .p50: 500
            case .p90: 900
            case .p95: 950
            case .p99: 990
            case .p999: 999
            }
        }
    }
}

package enum Comparison: String, CaseIterable, Hashable, Sendable {
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="

    package func holds<Value: Comparable>(_ measured: Value, _ limit: Value) -> Bool {
        switch self {
        case .less: measured < limit
        case .lessOrEqual: measured <= limit
        case .greater: measured > limit
        case .greaterOrEqual: measured >= limit
        case .equal: measured == limit
        }
    }
}

/// A share between none and all, exact to a billionth.
package struct Ratio: Hashable, Sendable {
    package static let one: Int64 = 1_000_000_000

    /// 0 <= billionths <= 1_000_000_000.
    package let billionths: Int64

    package init(billionths: Int64) {
        precondition(billionths >= 0, "a ratio is not negative")
        precondition(billionths <= Ratio.one, "a ratio is at most one")
        self.billionths = billionths
    }

    /// The ratio nearest to a number from 0 to 1.
    package init(nearest value: Double) {
        self.init(billionths: Int64((value * Double(Ratio.one)).rounded()))
    }

    /// Compares `part / whole` with this ratio by whole numbers; `whole` is below nine billion.
    package func isMet(_ comparison: Comparison, part: Int, whole: Int) -> Bool {
        comparison.holds(Int64(part) * Ratio.one, Int64(whole) * billionths)
    }

    package var value: Double { Double(billionths) / Double(Ratio.one) }
}

/// Why a sentence is not an objective, and where in it.
package struct ObjectiveSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Offset of the offending word in UTF-8 bytes from the start of the text.
    package let offset: Int
    /// One sentence, with the nearest valid word where there is one.
    package let message: String

    package init(offset: Int, message: String) {
        self.offset = offset
        self.message = message
    }

    package var description: String { message }
}
