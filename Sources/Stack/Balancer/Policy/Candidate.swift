// What a policy is shown of each backend that may take the next request. Policies are values without
// clock, sockets or randomness of their own, so that each is tested as a table.

/// One backend that may be chosen.
struct Candidate: Equatable, Sendable {
    /// Its place in the pool.
    var index: Int
    /// Its share beside the others': 0 < weight <= 1, below 1 while it starts slowly.
    var weight = 1.0
    /// Requests that it has in hand.
    var inFlight = 0
    /// Seconds that it is expected to take; 0 while nothing is known of it.
    var latency = 0.0
}
