// The two clocks of a cache. Dates in messages are by the wall clock; how long something has lain in
// the store is by the monotonic one, so that a clock set back or forth neither revives nor kills it.

package struct Moment: Equatable, Sendable {
    /// On the monotonic clock.
    package var milliseconds: Int64
    /// Since 1970, on the wall clock.
    package var wallSeconds: Int64

    package init(milliseconds: Int64, wallSeconds: Int64) {
        self.milliseconds = milliseconds
        self.wallSeconds = wallSeconds
    }
}

/// When a request went out and its answer's head came in.
package struct ExchangeTimes: Equatable, Sendable {
    package var sent: Moment
    package var received: Moment

    package init(sent: Moment, received: Moment) {
        self.sent = sent
        self.received = received
    }

    /// For where only one moment matters.
    package init(at moment: Moment) { self.init(sent: moment, received: moment) }
}
