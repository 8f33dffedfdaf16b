// What a balancer counts of its work. Each name is that of its metric, without the prefix.

package struct BalancerCounters: Equatable, Sendable {
    package var requests = 0
    package var retries = 0
    package var hedges = 0
    /// Hedges whose answer came first.
    package var hedgesWon = 0
    /// Tries that took too long.
    package var timeouts = 0
    /// Turned away by the adaptive limit, by class.
    package var shedSheddable = 0
    package var shedNormal = 0
    package var shedCritical = 0
    /// Turned away because their client sends too many.
    package var rateLimited = 0
    /// Turned away because no backend had room.
    package var refused = 0
    /// Bytes that were no request.
    package var malformed = 0
    /// Clients let go for sending a head, or moving content, too slowly.
    package var slowHeads = 0
    package var slowBodies = 0
    /// Clients that went before their answer.
    package var aborted = 0
    /// Requests that went to a backend out of rotation, since too few were in it.
    package var panicked = 0
    /// Connections refused since there were too many.
    package var connectionsRefused = 0

    /// Every counter by name, in a fixed order.
    package var all: [(name: String, value: Int)] {
        [
            ("requests", requests), ("retries", retries), ("hedges", hedges),
            ("hedgesWon", hedgesWon), ("timeouts", timeouts), ("shedSheddable", shedSheddable),
            ("shedNormal", shedNormal), ("shedCritical", shedCritical),
            ("rateLimited", rateLimited), ("refused", refused), ("malformed", malformed),
            ("slowHeads", slowHeads), ("slowBodies", slowBodies), ("aborted", aborted),
            ("panicked", panicked), ("connectionsRefused", connectionsRefused),
        ]
    }
}
