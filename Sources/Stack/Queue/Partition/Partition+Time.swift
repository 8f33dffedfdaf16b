// What happens when time passes: leases and waits end, sessions end, and what nobody has done for
// the whole retention is set aside.

import Linux

extension Partition {
    /// Ends the leases and waits of one group whose time is over.
    mutating func expire(_ name: GroupName) {
        while let due = topics[name.topic]?.groups[name.group]?.takeDue(at: now) {
            let isLease = due.entry.standing.isLease
            if isLease, mayBury(in: name.topic), due.entry.attempts >= policy.triesMax {
                bury(due.offset, name, .ranOut, note: "")
            } else {
                // A lease that ran out has waited long enough.
                topics[name.topic]?.groups[name.group]?.set(
                    .init(attempts: due.entry.attempts, standing: .ready), at: due.offset)
            }
        }
    }

    /// Moves a message to the dead-letter topic, as far as this group is concerned.
    mutating func bury(
        _ offset: Offset, _ name: GroupName, _ reason: Burial.Reason, note: String
    ) {
        guard let message = topics[name.topic]?.messages[offset] else { return }
        let burial = Burial(
            reason: reason, note: note, group: name.group,
            attempts: topics[name.topic]?.groups[name.group]?.attempts(at: offset) ?? 0,
            offset: offset)
        let copy = TopicSlice.Message(
            key: message.key, payload: message.payload, published: now, due: now, burial: burial)
        _ = change(name.topic + Self.deadSuffix) { $0.append(copy) }
        change(name.topic) { slice in
            slice.buriedCount += 1
            slice.finish(offset, for: name.group)
        }
    }

    mutating func tick() {
        for topic in topics.keys.sorted() {
            for group in topics[topic]?.groups.keys.sorted() ?? [] {
                expire(GroupName(topic: topic, group: group))
            }
            retire(topic)
        }
        for name in memberships.keys { memberships[name]?.expire(at: now) }
    }

    /// Ends what is older than the retention: messages that nobody did, groups that nobody uses.
    private mutating func retire(_ topic: String) {
        while let (offset, message) = topics[topic]?.oldest(),
            now - message.published >= policy.retention
        {
            if mayBury(in: topic) {
                buryTooOld(offset, in: topic)
            } else {
                change(topic) { $0.expiredCount += 1 }
            }
            change(topic) { $0.remove(offset) }
        }
        let idle =
            topics[topic]?.groups.filter { now - $0.value.lastUsed >= policy.retention } ?? [:]
        if !idle.isEmpty { change(topic) { $0.forget(Array(idle.keys)) } }
    }

    /// Once for every group that has not done it, and once where there is no group.
    private mutating func buryTooOld(_ offset: Offset, in topic: String) {
        let groups = topics[topic]?.groups ?? [:]
        let undone = groups.keys.filter { groups[$0]?.isDone(offset) == false }.sorted()
        for group in groups.isEmpty ? [""] : undone {
            bury(offset, GroupName(topic: topic, group: group), .tooOld, note: "")
        }
    }

    /// When something next ends by itself; nil when nothing does.
    mutating func nextDeadline() -> LogTime? {
        var next = memberships.values.compactMap(\.nextDeadline).min() ?? .distantFuture
        // Sorted for the copy that it makes: what is iterated over is held, and copied when changed.
        for topic in topics.keys.sorted() {
            if let oldest = topics[topic]?.oldest() {
                next = min(next, oldest.message.published + policy.retention)
            }
            for group in topics[topic]?.groups.keys.sorted() ?? [] {
                next = min(
                    next, topics[topic]?.groups[group]?.nextDeadline() ?? .distantFuture)
            }
        }
        return next == .distantFuture ? nil : next
    }
}

extension GroupProgress.Standing {
    fileprivate var isLease: Bool {
        if case .leased = self { return true }
        return false
    }
}
