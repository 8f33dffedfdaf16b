// Whether content moves fast enough to be waited for. A client that sends a body, or takes an answer, a
// byte at a time holds a connection, a buffer and a backend for as long as it likes (slow POST, slow
// read); the least rate says how long that is. It is looked at now and then and over a stretch, so that
// a pause alone ends nothing.

import Linux

struct BodyPace: Sendable {
    /// How it is looked at.
    struct Look: Sendable {
        /// How often.
        var every: Duration = .seconds(1)
        /// The stretch over which bytes are counted, at least; what a connection may take to get going.
        var stretchMin: Duration = .seconds(5)
    }

    /// Bytes moved for the client, either way.
    var moved = 0
    private var movedBefore = 0
    private var lookedAt = MonotonicTime(nanoseconds: 0)

    /// A request begins.
    mutating func begin(at now: MonotonicTime) {
        moved = 0
        movedBefore = 0
        lookedAt = now
    }

    /// False once a whole stretch had fewer bytes than the least rate, in bytes a second; 0: never.
    mutating func isEnough(_ rateMin: Int, over stretch: Duration, at now: MonotonicTime) -> Bool {
        guard rateMin > 0, now - lookedAt >= stretch else { return true }
        let isEnough = Double(moved - movedBefore) >= Double(rateMin) * (now - lookedAt).seconds
        movedBefore = moved
        lookedAt = now
        return isEnough
    }
}
