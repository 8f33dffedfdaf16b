// What a balancer is told: its backends, how it picks among them, and how long it waits for them.
// What concerns ill backends, second tries, admission and the clients' side has a file each.

import Linux
import Wire

/// How a balancer picks the next backend.
package enum BalancingPolicy: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
    /// The better of two random backends, by latency (peak EWMA) and load.
    case twoChoices = "two-choices"
    /// One key, one backend, unless that has more than its share.
    case consistentHash = "consistent-hash"
    /// The backend that a session was begun at, by the name before `~` in its token; the least loaded
    /// where there is no session or that backend is out.
    case sticky
}

/// What consistent hashing takes the key from.
package enum HashKey: String, CaseIterable, Sendable {
    /// The `Session` field, or the client's address where there is none.
    case session
    case address
    /// The target up to its query.
    case path
}

package struct BalancerSettings: Equatable, Sendable {
    package var backends: [NamedAddress]
    package var policy: BalancingPolicy = .leastConnections
    package var hashKey = HashKey.session
    /// Asked of every backend; any answer of the 200s counts as healthy.
    package var checkPath = "/health/ready"
    package var checkInterval: Duration = .milliseconds(250)
    /// Below `checkInterval`, so that checks of one backend never overlap.
    package var checkTimeout: Duration = .milliseconds(200)
    /// Good checks in a row before a backend gets traffic again.
    package var rise = 2
    /// Bad checks in a row before a backend gets none.
    package var fall = 2
    /// Time in which a backend that came back is led up to its full share; zero: at once.
    package var slowStart: Duration = .seconds(2)
    /// Share of the backends below which being unhealthy is disbelieved and all are used; 0: never.
    package var panicThreshold = 0.2
    package var connectTimeout: Duration = .milliseconds(200)
    /// Bounds one attempt; must leave room for a second one within `requestTimeout`.
    package var tryTimeout: Duration = .milliseconds(900)
    /// Bounds the whole request, all attempts included.
    package var requestTimeout: Duration = .seconds(2)
    /// How long SIGTERM waits for requests in flight.
    package var drainTimeout: Duration = .seconds(5)
    package var outlier = OutlierSettings()
    package var retry = RetrySettings()
    package var admission = AdmissionSettings()
    package var intake = IntakeSettings()

    package init(backends: [NamedAddress]) { self.backends = backends }
}

extension BalancerSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "backends", "policy", "hashKey", "checkPath", "checkIntervalNanoseconds",
            "checkTimeoutNanoseconds", "rise", "fall", "slowStartNanoseconds", "panicThreshold",
            "connectTimeoutNanoseconds", "tryTimeoutNanoseconds", "requestTimeoutNanoseconds",
            "drainTimeoutNanoseconds", "outlier", "retry", "admission", "intake",
        ])
        self.init(backends: try members.addresses("backends"))
        guard !backends.isEmpty else {
            throw members.notA("a list of one backend or more", "backends")
        }
        try members.read("policy", into: &policy)
        try members.read("hashKey", into: &hashKey)
        try members.read("checkPath", into: &checkPath)
        try members.read("checkInterval", into: &checkInterval)
        try members.read("checkTimeout", into: &checkTimeout)
        try members.read("rise", into: &rise, from: 1)
        try members.read("fall", into: &fall, from: 1)
        try members.read("slowStart", into: &slowStart)
        try members.read("panicThreshold", into: &panicThreshold)
        try members.read("connectTimeout", into: &connectTimeout)
        try members.read("tryTimeout", into: &tryTimeout)
        try members.read("requestTimeout", into: &requestTimeout)
        try members.read("drainTimeout", into: &drainTimeout)
        if let outlier = try members.object("outlier") { self.outlier = try .init(outlier) }
        if let retry = try members.object("retry") { self.retry = try .init(retry) }
        if let admission = try members.object("admission") { self.admission = try .init(admission) }
        if let intake = try members.object("intake") { self.intake = try .init(intake) }
    }

    var json: JSON {
        [
            "backends": backends.json, "policy": .string(policy.rawValue),
            "hashKey": .string(hashKey.rawValue), "checkPath": .string(checkPath),
            "checkIntervalNanoseconds": checkInterval.json,
            "checkTimeoutNanoseconds": checkTimeout.json, "rise": rise.json, "fall": fall.json,
            "slowStartNanoseconds": slowStart.json, "panicThreshold": .number(panicThreshold),
            "connectTimeoutNanoseconds": connectTimeout.json,
            "tryTimeoutNanoseconds": tryTimeout.json,
            "requestTimeoutNanoseconds": requestTimeout.json,
            "drainTimeoutNanoseconds": drainTimeout.json, "outlier": outlier.json,
            "retry": retry.json, "admission": admission.json, "intake": intake.json,
        ]
    }
}
