// What a balancer is told of ill backends: when one that answers worse than the others is set aside,
// for how long, and how many may be aside at once.

import Linux
import Wire

/// Outlier ejection, by Envoy's words; the figures are fit for tiers of three to ten nodes.
package struct OutlierSettings: Equatable, Sendable {
    package var isOn = true
    /// Broken connections in a row that set a backend aside at once.
    package var consecutiveFailures = 2
    /// How often success and latency are compared.
    package var interval: Duration = .seconds(1)
    /// The first ejection's length; the nth in a row is n times as long, up to `ejectionMax`.
    package var ejectionBase: Duration = .seconds(5)
    /// At least `ejectionBase`.
    package var ejectionMax: Duration = .seconds(60)
    /// Share of the backends that may be aside at once; one always may where there are two.
    package var ejectedShareMax = 0.34
    /// Answers in an interval below which nothing is said of a backend.
    package var volumeMin = 10
    /// How many thousandths of a standard deviation below the others' success rate is too far.
    package var deviationThousandths = 1900
    /// A backend this many times as slow as the median of the others is set aside; 0: never.
    package var latencyFactor = 5
    /// And only if it is slower than this.
    package var latencyFloor: Duration = .milliseconds(100)

    package init() {}
}

extension OutlierSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "isOn", "consecutiveFailures", "intervalNanoseconds", "ejectionBaseNanoseconds",
            "ejectionMaxNanoseconds", "ejectedShareMax", "volumeMin", "deviationThousandths",
            "latencyFactor", "latencyFloorNanoseconds",
        ])
        self.init()
        try members.read("isOn", into: &isOn)
        try members.read("consecutiveFailures", into: &consecutiveFailures, from: 1)
        try members.read("interval", into: &interval)
        try members.read("ejectionBase", into: &ejectionBase)
        try members.read("ejectionMax", into: &ejectionMax)
        try members.read("ejectedShareMax", into: &ejectedShareMax)
        try members.read("volumeMin", into: &volumeMin, from: 1)
        try members.read("deviationThousandths", into: &deviationThousandths, from: 0)
        try members.read("latencyFactor", into: &latencyFactor, from: 0)
        try members.read("latencyFloor", into: &latencyFloor)
        guard interval > .zero else {
            throw BlueprintError(
                member: members.member("intervalNanoseconds"), problem: .outOfRange(0))
        }
        guard ejectionMax >= ejectionBase else {
            throw BlueprintError(
                member: members.member("ejectionMaxNanoseconds"),
                problem: .outOfRange(ejectionMax.nanoseconds))
        }
    }

    var json: JSON {
        [
            "isOn": .bool(isOn), "consecutiveFailures": consecutiveFailures.json,
            "intervalNanoseconds": interval.json, "ejectionBaseNanoseconds": ejectionBase.json,
            "ejectionMaxNanoseconds": ejectionMax.json,
            "ejectedShareMax": .number(ejectedShareMax), "volumeMin": volumeMin.json,
            "deviationThousandths": deviationThousandths.json,
            "latencyFactor": latencyFactor.json, "latencyFloorNanoseconds": latencyFloor.json,
        ]
    }
}
