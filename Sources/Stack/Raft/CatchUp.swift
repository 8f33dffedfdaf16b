// Whether a learner keeps up well enough to get a vote (dissertation 4.2.1).
//
// The leader sends the log in rounds: a round ends when the learner has all that the log held when the
// round began. One that took less than an election timeout means that the learner, given a vote, holds
// up commits for no longer than an election would. Lag in entries says less: under load a learner is
// always a little behind.

struct CatchUp: Sendable {
    /// Where the present round ends.
    private var target: LogIndex
    private var ticks = 0
    private var wasLastRoundFast = false

    init(target: LogIndex) { self.target = target }

    /// Time has passed. A learner that lacks nothing is done, and waits for a round to begin.
    mutating func tick(_ count: Int, match: LogIndex, last: LogIndex) {
        if match >= target {
            wasLastRoundFast = wasLastRoundFast || match >= last
            target = last
            ticks = 0
        } else {
            ticks += count
        }
    }

    /// The learner has the log through `match`.
    mutating func didMatch(_ match: LogIndex, last: LogIndex, roundTicksMax: Int) {
        guard match >= target else { return }
        wasLastRoundFast = ticks < roundTicksMax
        target = last
        ticks = 0
    }

    func isDone(match: LogIndex, roundTicksMax: Int) -> Bool {
        wasLastRoundFast && (match >= target || ticks < roundTicksMax)
    }
}
