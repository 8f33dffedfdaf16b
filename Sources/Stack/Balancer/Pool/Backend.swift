// One backend as the pool sees it: whether it belongs, whether it is well, and what it has in hand.

import Blueprint
package import Linux

package struct Backend: Sendable {
    package let name: String
    package let address: SocketAddress
    /// False once a reload left it out: it gets nothing more, and what it has in hand may finish.
    package internal(set) var isMember = true
    /// 0 <= inFlight
    package internal(set) var inFlight = 0
    package internal(set) var requests = 0
    package internal(set) var failures = 0
    var checks = CheckRecord()
    var ejection = Ejection()
    var slowStart: SlowStart
    var latency = PeakEWMA()
    var window = OutlierWindow()
    /// Broken connections in a row.
    var brokenInRow = 0

    init(name: String, address: SocketAddress, slowStart: Duration) {
        self.name = name
        self.address = address
        self.slowStart = SlowStart(length: slowStart)
    }

    /// Whether its checks and its answers speak for it.
    package var isInRotation: Bool { checks.isUp && !ejection.isActive }

    /// One word for the status page.
    package var state: String {
        if !isMember { return "leaving" }
        if !checks.isUp { return "down" }
        if let reason = ejection.reason { return "ejected: \(reason.rawValue)" }
        return "up"
    }

    /// Seconds that a request is expected to take.
    package func expectedLatency(at now: MonotonicTime) -> Double { latency.value(at: now) }

    func candidate(_ index: Int, at now: MonotonicTime) -> Candidate {
        Candidate(
            index: index, weight: slowStart.weight(at: now), inFlight: inFlight,
            latency: latency.value(at: now))
    }
}

/// How a request to a backend ended.
package enum BackendOutcome: Sendable {
    /// The backend answered, as it should.
    case served
    /// It answered that it could not: 502, 503 or 504.
    case refused
    /// The backend could not be reached, or broke the connection.
    case failed
    /// No answer came in time; whether the backend or what lies behind it is slow is not known.
    case timedOut
    /// Nobody waits for the answer any more, so nothing is known.
    case abandoned
}

/// A backend that came or went, for the log.
package struct RotationChange: Equatable, Sendable {
    package let name: String
    /// True when it is in rotation now.
    package let isIn: Bool
    package let reason: String
}
