// The emulator's own books, to hold beside what probes saw.

import Linux

/// What the emulator has done to one direction since it was first impaired.
package struct LinkCounters: Equatable, Sendable {
    /// Packets that came in.
    package var seen = 0
    /// Packets dropped by the plan.
    package var lost = 0
    /// Packets that found the queue of a rate limit full.
    package var overQueue = 0
    /// Packets sent on, copies included.
    package var delivered = 0
    /// Copies made by the plan.
    package var duplicated = 0
    /// Packets with a bit turned over.
    package var corrupted = 0
    /// Packets dropped because the store was full or the kernel refused them: not by the plan, so
    /// a run with any is not the experiment that was asked for.
    package var overflowed = 0
    /// Packets that are waiting.
    package var queued: Int { seen + duplicated - lost - overQueue - delivered - overflowed }
    /// How much later than planned packets were sent.
    package var latenessTotal = Duration.zero
    package var latenessMax = Duration.zero

    package init() {}

    /// What happened since an earlier reading.
    package func since(_ before: LinkCounters) -> LinkCounters {
        var change = self
        change.seen -= before.seen
        change.lost -= before.lost
        change.overQueue -= before.overQueue
        change.delivered -= before.delivered
        change.duplicated -= before.duplicated
        change.corrupted -= before.corrupted
        change.overflowed -= before.overflowed
        change.latenessTotal -= before.latenessTotal
        return change
    }
}
