// Which backend gets the next request, and which gets none: a pure state machine.
//
// A backend is in rotation while its last checks say so. Active checks move it out after `fall`
// failures in a row and back in after `rise` successes (HAProxy's words). Passive observation moves
// it out after as many broken connections in a row, since a dead server should not have to wait for
// its next check to be noticed. A request that timed out moves nothing: more often than not the
// tier behind the backend is slow, which all backends share, and ejecting them one after the other
// would pile their load on the last. When none is in rotation, all are tried: a wrong health check
// must not turn a slow day into an outage (Envoy calls it panic mode).
//
// A backend that comes back has nothing in flight, so by least connections it would get every next
// request, just when its caches and connections are cold. It therefore starts as if it were as
// loaded as the others, and each request that it serves takes one off.

package import Blueprint

/// One backend as the pool sees it.
package struct Backend: Sendable {
    package let name: String
    /// 0 <= inFlight
    package fileprivate(set) var inFlight = 0
    package fileprivate(set) var isInRotation = true
    /// Requests in flight that it is taken to have besides, while it is new in the rotation.
    fileprivate var handicap = 0
    fileprivate var checksPassed = 0
    fileprivate var checksFailed = 0
    fileprivate var requestsFailed = 0
    package fileprivate(set) var requests = 0
    package fileprivate(set) var failures = 0

    fileprivate init(name: String) { self.name = name }
}

/// The backends of one balancer.
package struct BackendPool: Sendable {
    package private(set) var backends: [Backend]
    private let policy: BalancingPolicy
    private let rise: Int
    private let fall: Int
    private var turn = 0

    package init(names: [String], policy: BalancingPolicy, rise: Int, fall: Int) {
        precondition(!names.isEmpty, "a balancer has backends")
        precondition(rise > 0, "one good check at least brings a backend back")
        precondition(fall > 0, "one bad check at least takes a backend out")
        backends = names.map(Backend.init)
        self.policy = policy
        self.rise = rise
        self.fall = fall
    }

    /// Chooses a backend and counts the request as in flight; nil when all are excluded.
    package mutating func take(excluding excluded: Set<Int> = []) -> Int? {
        let allowed = backends.indices.filter { !excluded.contains($0) }
        let healthy = allowed.filter { backends[$0].isInRotation }
        let candidates = healthy.isEmpty ? allowed : healthy
        guard let choice = choose(among: candidates) else { return nil }
        backends[choice].inFlight += 1
        backends[choice].requests += 1
        turn = choice + 1
        return choice
    }

    /// Ends a request; a failure is one of the backend, not of the request.
    package mutating func give(_ index: Int, back outcome: BackendOutcome) {
        precondition(backends[index].inFlight > 0, "a request ends once")
        backends[index].inFlight -= 1
        switch outcome {
        case .served:
            backends[index].requestsFailed = 0
            backends[index].handicap = max(0, backends[index].handicap - 1)
        case .timedOut: backends[index].failures += 1
        case .failed:
            backends[index].failures += 1
            backends[index].requestsFailed += 1
            if backends[index].requestsFailed >= fall { takeOut(index) }
        }
    }

    /// Notes one active check; true when it moved the backend in or out.
    @discardableResult
    package mutating func noteCheck(_ index: Int, passed: Bool) -> Bool {
        let before = backends[index].isInRotation
        if passed {
            backends[index].checksFailed = 0
            backends[index].checksPassed += 1
            if backends[index].checksPassed >= rise { bringIn(index) }
        } else {
            backends[index].checksPassed = 0
            backends[index].checksFailed += 1
            if backends[index].checksFailed >= fall { takeOut(index) }
        }
        return backends[index].isInRotation != before
    }

    private mutating func takeOut(_ index: Int) {
        backends[index].isInRotation = false
        backends[index].checksPassed = 0
    }

    private mutating func bringIn(_ index: Int) {
        if backends[index].isInRotation { return }
        backends[index].handicap = backends.filter(\.isInRotation).map(\.inFlight).max() ?? 0
        backends[index].isInRotation = true
        backends[index].requestsFailed = 0
    }

    /// Both policies go round from the backend after the last one, so that ties are shared out.
    private func choose(among candidates: [Int]) -> Int? {
        let rotated = candidates.sorted { distance($0) < distance($1) }
        switch policy {
        case .roundRobin: return rotated.first
        case .leastConnections:
            return rotated.min { load(of: $0) < load(of: $1) }
        }
    }

    private func load(of index: Int) -> Int {
        backends[index].inFlight + backends[index].handicap
    }

    private func distance(_ index: Int) -> Int {
        (index - turn + 2 * backends.count) % backends.count
    }
}

/// How a request to a backend ended.
package enum BackendOutcome: Sendable {
    /// The backend answered, with whatever status.
    case served
    /// The backend could not be reached, or broke the connection.
    case failed
    /// No answer came in time; whether the backend or what lies behind it is slow is not known.
    case timedOut
}
