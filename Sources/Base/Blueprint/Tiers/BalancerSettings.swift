// What a balancer is told: its backends, how it picks among them, and how long it waits for them.

import Linux
import Wire

/// How a balancer picks the next backend.
package enum BalancingPolicy: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
}

package struct BalancerSettings: Equatable, Sendable {
    package var backends: [NamedAddress]
    package var policy: BalancingPolicy = .leastConnections
    /// Asked of every backend; any answer of the 200s counts as healthy.
    package var checkPath = "/health/ready"
    package var checkInterval: Duration = .milliseconds(250)
    /// Below `checkInterval`, so that checks of one backend never overlap.
    package var checkTimeout: Duration = .milliseconds(200)
    /// Good checks in a row before a backend gets traffic again.
    package var rise = 2
    /// Bad checks in a row before a backend gets none.
    package var fall = 2
    package var connectTimeout: Duration = .milliseconds(200)
    /// Bounds one attempt; must leave room for a second one within `requestTimeout`.
    package var tryTimeout: Duration = .milliseconds(900)
    /// Bounds the whole request, all attempts included.
    package var requestTimeout: Duration = .seconds(2)
    /// Further attempts of an idempotent request, each on another backend.
    package var retries = 1
    /// How long SIGTERM waits for requests in flight.
    package var drainTimeout: Duration = .seconds(5)
    /// Client connections held at once; past it new ones are refused, never queued without end.
    package var connectionsMax = 4096

    package init(backends: [NamedAddress]) { self.backends = backends }
}

extension BalancerSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "backends", "policy", "checkPath", "checkIntervalNanoseconds",
            "checkTimeoutNanoseconds", "rise", "fall", "connectTimeoutNanoseconds",
            "tryTimeoutNanoseconds", "requestTimeoutNanoseconds", "retries",
            "drainTimeoutNanoseconds", "connectionsMax",
        ])
        self.init(backends: try members.addresses("backends"))
        try members.read("policy", into: &policy)
        try members.read("checkPath", into: &checkPath)
        try members.read("checkInterval", into: &checkInterval)
        try members.read("checkTimeout", into: &checkTimeout)
        try members.read("rise", into: &rise, from: 1)
        try members.read("fall", into: &fall, from: 1)
        try members.read("connectTimeout", into: &connectTimeout)
        try members.read("tryTimeout", into: &tryTimeout)
        try members.read("requestTimeout", into: &requestTimeout)
        try members.read("retries", into: &retries, from: 0)
        try members.read("drainTimeout", into: &drainTimeout)
        try members.read("connectionsMax", into: &connectionsMax, from: 1)
    }

    var json: JSON {
        [
            "backends": backends.json, "policy": .string(policy.rawValue),
            "checkPath": .string(checkPath), "checkIntervalNanoseconds": checkInterval.json,
            "checkTimeoutNanoseconds": checkTimeout.json, "rise": rise.json, "fall": fall.json,
            "connectTimeoutNanoseconds": connectTimeout.json,
            "tryTimeoutNanoseconds": tryTimeout.json,
            "requestTimeoutNanoseconds": requestTimeout.json, "retries": retries.json,
            "drainTimeoutNanoseconds": drainTimeout.json, "connectionsMax": connectionsMax.json,
        ]
    }
}
