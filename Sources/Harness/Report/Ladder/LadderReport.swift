// What a ladder found, rung by rung, as its reports tell it; text, JSON and drawing are extensions in
// files of their own.
//
// The article counts users, a trial counts requests a second. Between them stands `thinkTime`: how long a
// user looks at a page before the next request. It is an assumption, and every report prints it.

package import Checkers
package import Experiment

package struct LadderReport: Sendable {
    package var rungs: [LadderRung] = []
    package var objectives: [String]
    package var load: LoadProfile
    package var seed: UInt64
    /// RFC 3339.
    package var started: String
    package var host: [RunFacts.Fact]
    /// Nanoseconds.
    package var elapsed: Int64 = 0
    /// Seconds from one request of a user to the next.
    package var thinkTime = 10.0
    /// The signal that ended the ladder early.
    package var signal: Int32?
    /// What went wrong in the harness itself.
    package var failure: String?
    package var isHostLacking = false

    package init(
        objectives: [String], load: LoadProfile, seed: UInt64, started: String,
        host: [RunFacts.Fact]
    ) {
        self.objectives = objectives
        self.load = load
        self.seed = seed
        self.started = started
        self.host = host
    }

    package var outcome: Verdict.Outcome {
        if failure != nil { return .harnessFailed }
        if isHostLacking { return .hostLacking }
        if let signal { return .interrupted(signal: signal) }
        if rungs.isEmpty || rungs.contains(where: { !$0.isMeasured }) { return .invalid }
        return rungs.contains { $0.result?.rate == nil || $0.lostWrites > 0 } ? .failed : .passed
    }

    /// Users that a rate serves.
    func users(at rate: Double) -> Int { Int((rate * thinkTime).rounded()) }
}

/// One phase: what the article claims of it, and what it did.
package struct LadderRung: Sendable {
    package var name: String
    package var file: String
    package var nodes: Int
    /// Users that the article's phase is for; nil: the article does not know it.
    package var claim: Int?
    /// By tier, the budget of each node.
    package var budgets: [RunFacts.Fact]
    /// Whether every node was held to a budget by the kernel.
    package var isHeld = false
    package var trials: [LadderTrial] = []
    package var result: RateSearch.Result?
    package var bottleneck: LadderBottleneck?
    /// What a request cost each tier at the highest rate that held.
    package var costs: [TierCost] = []
    package var kills: [LadderKill] = []
    /// What the step to the next rung changes; empty on the last.
    package var next: [String] = []
    /// Why the figures cannot be trusted.
    package var problems: [String] = []

    package init(_ topology: Topology) {
        name = topology.name
        file = topology.source
        nodes = topology.tiers.map(\.count).reduce(0, +)
        claim = LadderRung.claims[topology.name]
        budgets = topology.tiers.compactMap { tier in
            tier.budget.map { .init(tier.name, $0.text) }
        }
    }

    /// The article's phases, by the names of their topologies.
    private static let claims = [
        "phase-1": 1000, "phase-2": 10_000, "phase-3": 100_000, "phase-4": 500_000,
        "phase-5": 1_000_000,
    ]

    /// A result that stands: found, repeated, and not the generator's own limit.
    package var isMeasured: Bool {
        guard let result, problems.isEmpty else { return false }
        return result.rate == nil || (result.isConfirmed && result.limit != .generator)
    }

    package var lostWrites: Int { kills.compactMap(\.cost.lostWrites).reduce(0, +) }
}

package struct LadderTrial: Sendable {
    package var rate: Double
    package var purpose: RateSearch.Purpose
    package var outcome: RateSearch.Outcome
    package var planned: Int
    package var ok: Int
    /// Nanoseconds; nil: nothing was answered.
    package var p50: Int64?
    package var p99: Int64?
    /// What a request of this trial cost each tier.
    package var costs: [TierCost] = []
    /// The objectives that did not hold, or what was wrong with the generator.
    package var reasons: [String]

    /// From the verdict on the trial, whose judged part is its baseline.
    package init(_ rate: Double, _ purpose: RateSearch.Purpose, _ verdict: Verdict) {
        let judged = verdict.phases.first { $0.span.phase == .baseline }
        self.rate = rate
        self.purpose = purpose
        planned = judged?.count.planned ?? 0
        ok = judged?.count.ok ?? 0
        p50 = judged?.latency[.p50]
        p99 = judged?.latency[.p99]
        let problems = verdict.generator?.problems ?? ["nothing is known of the generator"]
        let broken = verdict.judgements.filter { $0.status != .held }.map(\.reason)
        outcome = !problems.isEmpty ? .saturated : broken.isEmpty ? .held : .failed
        reasons = problems + broken
    }

    /// One line for whoever watches.
    package var text: String {
        let latency = [p50, p99].map { $0.map(Quantity.duration) ?? "-" }
        let word = outcome == .saturated ? "generator saturated" : outcome.rawValue
        return "\(purpose.rawValue) \(LadderReport.rate(rate)): \(word), "
            + "\(Quantity.percent(ok, of: planned)) ok, p50 \(latency[0]), p99 \(latency[1])"
    }
}

package struct LadderBottleneck: Sendable {
    /// Requests a second at which it showed.
    package var rate: Double
    package var finding: Bottleneck.Finding

    package init(rate: Double, finding: Bottleneck.Finding) {
        self.rate = rate
        self.finding = finding
    }

    package var isSaturated: Bool { finding.saturatedSince != nil }
}

package struct LadderKill: Sendable {
    package var target: String
    package var tier: String
    /// Nodes that could stand in, itself included.
    package var redundancy: Int
    package var cost: KillCost

    package init(member: WeakMember, cost: KillCost) {
        target = member.target
        tier = member.tier
        redundancy = member.redundancy
        self.cost = cost
    }

    package var text: String {
        let users = Quantity.percent(cost.usersAffected, of: cost.users)
        let lost = cost.lostWrites.map { "\($0) acknowledged writes lost" } ?? "not read back"
        return "kill \(cost.node) (1 of \(redundancy)) at \(LadderReport.rate(cost.rate)): "
            + "\(users) of users affected, recovered in \(cost.recovery.text), \(lost)"
    }
}

extension LadderReport {
    /// As `180/s`, or `2.5/s` below ten.
    static func rate(_ rate: Double) -> String {
        rate < 10
            ? "\(Quantity.fraction(Int64((rate * 10).rounded()), places: 1))/s"
            : "\(Int(rate.rounded()))/s"
    }

    /// With separators, as `10,000`.
    static func count(_ number: Int) -> String {
        var groups: [String] = []
        var rest = String(number)
        while rest.count > 3 {
            groups.insert(String(rest.suffix(3)), at: 0)
            rest = String(rest.dropLast(3))
        }
        return ([rest] + groups).joined(separator: ",")
    }
}
