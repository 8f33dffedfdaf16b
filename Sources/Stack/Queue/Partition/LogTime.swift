// The clock of a partition: it runs only while the partition has a leader.
//
// Deadlines of leases, sessions and delays are decided in the log, so that all replicas decide
// alike: a command carries the time at which its leader proposed it, and no replica ever looks at
// a clock of its own. The leader counts on from the time that its log has reached, by the monotonic
// clock. So a skewed wall clock moves nothing, and an election does not use up a worker's lease:
// while nobody can renew, nothing runs out (as with leases of etcd).

import Linux

/// Nanoseconds for which the partition has had a leader.
struct LogTime: Hashable, Comparable, Sendable {
    let nanoseconds: Int64

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static let zero = LogTime(nanoseconds: 0)
    static let distantFuture = LogTime(nanoseconds: .max)

    static func < (left: LogTime, right: LogTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates, so that a lease without end is one whose time never comes.
    static func + (left: LogTime, right: Duration) -> LogTime {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return LogTime(nanoseconds: overflow ? .max : sum)
    }

    static func - (left: LogTime, right: LogTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}
