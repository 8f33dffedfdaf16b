// How a leader makes sure that it still leads before it answers a read.

package enum ReadRule: Hashable, Sendable {
    /// By a round of heartbeats that a majority answers: needs no clock (dissertation 6.4).
    case quorumRound

    /// By the last such round, for a little less than an election timeout (dissertation 6.4.1).
    ///
    /// Assumes that no two clocks in the group run at rates which differ by more than this many percent,
    /// that a clock also counts while its process or machine is suspended, and that
    /// the driver has counted time (`RaftEvent.tick`) up to a moment after the read came in when it
    /// calls `read`. Has to be the same on all replicas, with the same `electionTicks`: followers
    /// hold back their votes for it, after a restart as well. Where the lease has run out, a round
    /// is made as ever.
    case lease(driftPercentMax: Int)
}
