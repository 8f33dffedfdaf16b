// A slow link with its queue: no tokens and no timer, since the time at which a packet will have left
// follows from those before it.

import Collections
import Experiment
import Linux

/// Settles when each packet has left a link of limited rate.
struct RateModel: Sendable {
    private let limit: RateLimit
    /// When the link will have sent all that was admitted.
    private var freeAt = MonotonicTime(nanoseconds: .min)
    /// What is left of a nanosecond, in units of 1/rate: 0 <= rest < rate.
    private var rest: Int64 = 0
    private var waiting = FIFO<Waiting>()
    private var bytesWaiting = 0

    private struct Waiting {
        let leaves: MonotonicTime
        let bytes: Int
    }

    init(_ limit: RateLimit) { self.limit = limit }

    /// The moment when a packet has left the link; nil when the queue has no room for it.
    mutating func admit(bytes: Int, at arrival: MonotonicTime) -> MonotonicTime? {
        while let first = waiting.first, first.leaves <= arrival {
            bytesWaiting -= first.bytes
            _ = waiting.popFirst()
        }
        guard waiting.isEmpty || hasRoom(for: bytes) else { return nil }
        if freeAt < arrival { (freeAt, rest) = (arrival, 0) }
        let rate = Int64(limit.bitsPerSecond)
        let work = Int64(bytes) * 8 * 1_000_000_000 + rest
        freeAt = freeAt + .nanoseconds(work / rate)
        rest = work % rate
        waiting.append(Waiting(leaves: freeAt, bytes: bytes))
        bytesWaiting += bytes
        return freeAt
    }

    private func hasRoom(for bytes: Int) -> Bool {
        switch limit.queue {
        case .bytes(let most): bytesWaiting + bytes <= most
        case .packets(let most): waiting.count < most
        }
    }
}
