// The time that a leader writes into its commands: the partition's own time, counted on by the
// monotonic clock from the moment that it leads.

import Linux

struct LeaderClock {
    private var log: LogTime
    private var start: MonotonicTime

    init(at log: LogTime, now: MonotonicTime) {
        self.log = log
        start = now
    }

    /// Never behind the partition: entries of the leader before may still have been on their way.
    mutating func read(at now: MonotonicTime, partition: LogTime) -> LogTime {
        let reading = log + (now - start)
        if reading >= partition { return reading }
        log = partition
        start = now
        return partition
    }
}
