// What a leader asks its own copy before it writes anything to the log, so that a fetch which would
// bring nothing and a message that there is no room for cost no entry.

import Linux

extension Partition {
    /// Why a message cannot be taken now; nil when it can, or when it is there already.
    mutating func refusal(of publication: Publication) -> PartitionRefusal? {
        if let stamp = publication.stamp {
            switch producers.judge(stamp, at: now, policy: policy) {
            case .known, .forgotten, .full: return nil
            case .fresh: break
            }
        }
        return lackOfRoom(publication).map(PartitionRefusal.overloaded)
    }

    /// Whether a fetch would hand something out, or change who may.
    mutating func isWorthFetching(_ fetch: Fetch, at time: LogTime) -> Bool {
        let (topic, group) = (fetch.name.topic, fetch.name.group)
        guard topics[topic] != nil else { return false }
        guard let owner = topics[topic]?.groups[group]?.owner else { return true }
        if owner.generation != fetch.generation || owner.member != fetch.member { return true }
        return isReady(fetch.name, at: time)
    }

    /// Whether the member has the partition, or would be the first to.
    func mayFetch(_ fetch: Fetch) -> Bool {
        guard let owner = topics[fetch.name.topic]?.groups[fetch.name.group]?.owner else {
            return true
        }
        return owner.generation == fetch.generation && owner.member == fetch.member
    }

    /// Whether somebody who waits for messages of the group has reason to look.
    mutating func isReady(_ name: GroupName, at time: LogTime) -> Bool {
        guard let lastUsed = topics[name.topic]?.groups[name.group]?.lastUsed else {
            return topics[name.topic] != nil
        }
        // A group that is asked for stays, also while it has nothing to do.
        if time - lastUsed > policy.retention / 4 { return true }
        if topics[name.topic]?.groups[name.group]?.readyCount ?? 0 > 0 { return true }
        if topics[name.topic]?.groups[name.group]?.freshCount ?? 0 > 0 { return true }
        let deadline = topics[name.topic]?.groups[name.group]?.nextDeadline()
        return deadline.map { $0 <= time } ?? false
    }
}
