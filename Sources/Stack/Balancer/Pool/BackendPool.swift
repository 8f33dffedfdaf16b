// Which backend gets the next request, and which gets none: a pure state machine.
//
// A backend is in rotation while its checks and its answers speak for it. Active checks move it out
// and in (CheckRecord). Broken connections in a row set it aside at once, since a dead server should
// not have to wait for its next check to be noticed, and good checks end that. Answers that are worse
// or slower than the others' set it aside for a time (OutlierComparison). A request that timed out
// counts in that comparison alone: more often than not the tier behind the backend is slow, which all
// share, and ejecting them one after the other would pile their load on the last. For the same reason
// only a share may be aside at once.
//
// When too few are in rotation, health is disbelieved and all are used: a wrong check must not turn a
// slow day into an outage (Envoy calls it panic mode).
//
// Places are stable: a backend keeps its place while anything of it is in hand, whatever reloads come.

package import Blueprint
package import Determinism
package import Linux

package struct BackendPool: Sendable {
    /// Places; those of backends that left stay behind until another takes them.
    package internal(set) var backends: [Backend] = []
    /// What changed since it was last taken.
    package private(set) var changes: [RotationChange] = []
    let settings: BalancerSettings
    private var selector: Selector
    /// Kept from choice to choice, so that choosing allocates nothing.
    private var candidates: [Candidate] = []

    package init(_ settings: BalancerSettings, random: SeededRandom) {
        precondition(!settings.backends.isEmpty, "a balancer has backends")
        self.settings = settings
        selector = Selector(settings.policy, random: random)
        replace(with: settings.backends, at: MonotonicTime(nanoseconds: 0))
    }

    /// True when too few are in rotation to be believed.
    package var isPanicking: Bool {
        let (members, well) = counts
        return Double(well) < settings.panicThreshold * Double(members)
    }

    private var counts: (members: Int, well: Int) {
        var members = 0
        var well = 0
        for index in backends.indices where backends[index].isMember {
            members += 1
            if backends[index].isInRotation { well += 1 }
        }
        return (members, well)
    }

    // MARK: Choosing

    /// Chooses a backend and counts the request as in flight; nil when all are excluded or full.
    package mutating func take(
        excluding excluded: [Int] = [], key: UInt64 = 0, at now: MonotonicTime
    ) -> Int? {
        let isPanicking = isPanicking
        gather(excluding: excluded, onlyWell: !isPanicking, at: now)
        // A second try may have nobody well left; one that is out is better than giving up.
        if candidates.isEmpty, !excluded.isEmpty {
            gather(excluding: excluded, onlyWell: false, at: now)
        }
        guard let choice = selector.choose(candidates, key: key) else { return nil }
        backends[choice].inFlight += 1
        backends[choice].requests += 1
        return choice
    }

    private mutating func gather(excluding excluded: [Int], onlyWell: Bool, at now: MonotonicTime) {
        candidates.removeAll(keepingCapacity: true)
        let inFlightMax = min(
            settings.admission.inFlightMax, settings.admission.backendConnectionsMax)
        for index in backends.indices {
            guard backends[index].isMember, backends[index].inFlight < inFlightMax,
                !onlyWell || backends[index].isInRotation, !excluded.contains(index)
            else { continue }
            candidates.append(backends[index].candidate(index, at: now))
        }
    }

    /// Whether there is any backend to wait for: one in rotation, full as it may be.
    package var hasUsable: Bool { isPanicking || counts.well > 0 }

    // MARK: Outcomes

    /// Ends a request; a failure is one of the backend, not of the request.
    package mutating func give(
        _ index: Int, back outcome: BackendOutcome, after latency: Duration, at now: MonotonicTime
    ) {
        precondition(backends[index].inFlight > 0, "a request ends once")
        backends[index].inFlight -= 1
        switch outcome {
        case .served:
            backends[index].brokenInRow = 0
            backends[index].latency.observe(latency, at: now)
            backends[index].window.note(success: true, latency: latency)
        case .refused:
            backends[index].brokenInRow = 0
            backends[index].window.note(success: false, latency: latency)
        case .timedOut:
            backends[index].failures += 1
            backends[index].latency.observe(latency, at: now)
            backends[index].window.note(success: false, latency: latency)
        case .failed:
            backends[index].failures += 1
            backends[index].brokenInRow += 1
            backends[index].window.note(success: false, latency: latency)
            if backends[index].brokenInRow >= settings.outlier.consecutiveFailures {
                eject(index, .consecutiveFailures, at: now)
            }
        case .abandoned: break
        }
    }

    /// Notes one active check.
    package mutating func noteCheck(_ index: Int, passed: Bool, at now: MonotonicTime) {
        let wasIn = backends[index].isInRotation
        _ = backends[index].checks.note(
            passed: passed, rise: settings.rise, fall: settings.fall)
        if backends[index].ejection.reason == .consecutiveFailures,
            backends[index].checks.passed >= settings.rise
        {
            backends[index].ejection.end()
        }
        noteMove(index, wasIn: wasIn, "checks", at: now)
    }

    // MARK: Outliers

    /// The end of an outlier interval: those whose time is over come back, and the rest is compared.
    package mutating func compare(at now: MonotonicTime) {
        for index in backends.indices {
            let wasIn = backends[index].isInRotation
            if backends[index].ejection.endIfDue(at: now) {
                noteMove(index, wasIn: wasIn, "ejection over", at: now)
            }
        }
        let figures = comparable
        let outliers = OutlierComparison.outliers(among: figures, settings.outlier)
        for outlier in outliers { eject(outlier.index, outlier.reason, at: now) }
        for figure in figures where !outliers.contains(where: { $0.index == figure.index }) {
            backends[figure.index].ejection.forgive()
        }
        for index in backends.indices { backends[index].window = OutlierWindow() }
    }

    private var comparable: [OutlierFigures] {
        backends.indices.compactMap { index in
            let backend = backends[index]
            guard backend.isMember, backend.isInRotation,
                backend.window.volume >= settings.outlier.volumeMin
            else { return nil }
            return OutlierFigures(
                index: index, successRate: backend.window.successRate,
                latency: backend.window.latency)
        }
    }

    private mutating func eject(_ index: Int, _ reason: EjectionReason, at now: MonotonicTime) {
        guard settings.outlier.isOn, backends[index].isInRotation, mayEjectOne else { return }
        backends[index].ejection.begin(
            reason, at: now, base: settings.outlier.ejectionBase,
            max: settings.outlier.ejectionMax)
        backends[index].checks.restart()
        backends[index].brokenInRow = 0
        noteMove(index, wasIn: true, reason.rawValue, at: now)
    }

    /// The cap: a share, but one of two or more always.
    private var mayEjectOne: Bool {
        let members = backends.count { $0.isMember }
        let ejected = backends.count { $0.isMember && $0.ejection.isActive }
        let most = Int(Double(members) * settings.outlier.ejectedShareMax)
        return members > 1 && ejected < max(1, most)
    }

    private mutating func noteMove(
        _ index: Int, wasIn: Bool, _ reason: String, at now: MonotonicTime
    ) {
        let isIn = backends[index].isInRotation
        guard isIn != wasIn else { return }
        if isIn { backends[index].slowStart.begin(at: now) }
        changes.append(
            RotationChange(name: backends[index].name, isIn: isIn, reason: reason))
    }

    /// The changes since the last call.
    package mutating func takeChanges() -> [RotationChange] {
        if changes.isEmpty { return [] }
        defer { changes.removeAll() }
        return changes
    }

    // MARK: Reload

    /// Makes these the members. Those that stay keep their state, those that leave finish what they
    /// have in hand, and those that are new start slowly, the first set apart.
    package mutating func replace(with members: [NamedAddress], at now: MonotonicTime) {
        let isFirst = backends.isEmpty
        for index in backends.indices {
            backends[index].isMember = members.contains { stands(at: index, $0) }
        }
        var changed: [Int] = []
        for member in members where !backends.indices.contains(where: { stands(at: $0, member) }) {
            var backend = Backend(
                name: member.name, address: member.address, slowStart: settings.slowStart)
            if !isFirst { backend.slowStart.begin(at: now) }
            changed.append(place(backend))
        }
        let named = backends.indices.filter { backends[$0].isMember }
        selector.members(named.map { ($0, backends[$0].name) }, changed: changed)
    }

    private func stands(at index: Int, _ member: NamedAddress) -> Bool {
        backends[index].name == member.name && backends[index].address == member.address
    }

    private mutating func place(_ backend: Backend) -> Int {
        let free = backends.indices.first {
            !backends[$0].isMember && backends[$0].inFlight == 0
        }
        guard let free else {
            backends.append(backend)
            return backends.count - 1
        }
        backends[free] = backend
        return free
    }
}
