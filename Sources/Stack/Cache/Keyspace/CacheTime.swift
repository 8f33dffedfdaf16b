// A point on the cache's own clock. The keyspace holds no clock: whoever calls it passes the time in, so
// that expiry is tested by naming a time instead of waiting for it.

/// Milliseconds on a monotonic clock; milliseconds because that is the unit of Redis' expiry commands.
package struct CacheTime: Comparable, Hashable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// `nil` when the sum does not fit, which the commands answer with "invalid expire time".
    package func advanced(byMilliseconds delta: Int64) -> CacheTime? {
        let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
        return overflow ? nil : CacheTime(milliseconds: sum)
    }

    package static func < (left: CacheTime, right: CacheTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
