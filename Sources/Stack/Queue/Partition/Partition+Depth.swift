// How much there is to do: the figures of DEPTH and INFO.

import Linux

/// What one group has before it in one partition of a topic.
struct GroupDepth: Equatable, Sendable {
    /// May be handed out now.
    var ready = 0
    /// In the hands of workers.
    var leased = 0
    /// Delayed, or pausing before the next try.
    var waiting = 0
    /// Since the oldest message came that is not done, in time with a leader.
    var oldestAge: Duration = .zero

    /// Messages that are not done.
    var lag: Int { ready + leased + waiting }

    static func + (left: GroupDepth, right: GroupDepth) -> GroupDepth {
        GroupDepth(
            ready: left.ready + right.ready, leased: left.leased + right.leased,
            waiting: left.waiting + right.waiting, oldestAge: max(left.oldestAge, right.oldestAge))
    }
}

extension Partition {
    /// Nothing for a topic that is not there; for a group that never came, all that there is.
    func depth(of name: GroupName, at time: LogTime) -> GroupDepth {
        guard let slice = topics[name.topic] else { return GroupDepth() }
        guard let group = slice.groups[name.group] else {
            let oldest = slice.messages.keys.min().flatMap { slice.messages[$0] }
            return GroupDepth(
                ready: slice.messages.count,
                oldestAge: oldest.map { max(.zero, time - $0.published) } ?? .zero)
        }
        let oldest = slice.oldestUndone(of: name.group)
        return GroupDepth(
            ready: group.freshCount + group.readyCount, leased: group.leasedCount,
            waiting: group.waitingCount, oldestAge: oldest.map { max(.zero, time - $0) } ?? .zero)
    }
}
