// Handing out, taking back, running out: what happens to a message between its arrival and its end.

import Linux

extension Partition {
    mutating func fetch(_ fetch: Fetch) -> PartitionReply {
        let (topic, group) = (fetch.name.topic, fetch.name.group)
        guard let groupCount = topics[topic]?.groups.count else { return .leases([]) }
        if topics[topic]?.groups[group] == nil {
            guard groupCount < policy.groupsMax else {
                return .refused(.overloaded("too many groups"))
            }
            topics[topic]?.addGroup(group, now: now)
        }
        if let reason = takeOver(fetch) { return .refused(.fenced(reason)) }
        expire(fetch.name)
        guard let place = topics.index(forKey: topic) else { return .leases([]) }
        let leases = topics.values[place].hand(
            to: group,
            Handover(
                now: now, deadline: now + fetch.visibility,
                countMax: min(fetch.countMax, policy.fetchCountMax),
                bytesMax: policy.fetchBytesMax),
            number: &leaseNumber)
        return .leases(leases)
    }

    /// Makes the member the owner; the reason why not when another came with a later generation.
    private mutating func takeOver(_ fetch: Fetch) -> String? {
        let (topic, group) = (fetch.name.topic, fetch.name.group)
        if let owner = topics[topic]?.groups[group]?.owner {
            if fetch.generation < owner.generation { return "generation is over" }
            if fetch.generation == owner.generation, fetch.member != owner.member {
                return "partition belongs to another member"
            }
        }
        topics[topic]?.groups[group]?.owner = GroupProgress.Owner(
            generation: fetch.generation, member: fetch.member)
        topics[topic]?.groups[group]?.lastUsed = now
        return nil
    }

    mutating func acknowledge(_ name: GroupName, _ tokens: [LeaseToken]) -> PartitionReply {
        expire(name)
        guard topics[name.topic] != nil else { return .settled(tokens.map { _ in false }) }
        return .settled(change(name.topic) { $0.acknowledge(tokens, for: name.group) })
    }

    mutating func release(_ name: GroupName, _ tokens: [LeaseToken]) -> PartitionReply {
        settle(name, tokens) { partition, token, attempts in
            partition.set(.init(attempts: attempts - 1, standing: .ready), token.offset, name)
        }
    }

    /// Does something to each lease that stands, and tells which those were.
    private mutating func settle(
        _ name: GroupName, _ tokens: [LeaseToken],
        _ body: (inout Partition, LeaseToken, _ attempts: Int) -> Void
    ) -> PartitionReply {
        expire(name)
        var settled: [Bool] = []
        for token in tokens {
            let attempts = topics[name.topic]?.groups[name.group]?.attempts(of: token)
            settled.append(attempts != nil)
            if let attempts { body(&self, token, attempts) }
        }
        return .settled(settled)
    }

    mutating func reject(_ name: GroupName, _ rejection: Rejection) -> PartitionReply {
        expire(name)
        let offset = rejection.token.offset
        guard let attempts = topics[name.topic]?.groups[name.group]?.attempts(of: rejection.token)
        else { return .settled([false]) }
        if mayBury(in: name.topic), rejection.isPoison || attempts >= policy.triesMax {
            bury(offset, name, rejection.isPoison ? .poison : .failed, note: rejection.note)
            return .buried
        }
        let delay = Backoff.delay(afterAttempt: attempts, policy: policy, seed: rejection.seed)
        set(.init(attempts: attempts, standing: .waiting(until: now + delay)), offset, name)
        return .retried(after: delay)
    }

    mutating func extend(
        _ name: GroupName, _ token: LeaseToken, by visibility: Duration
    ) -> PartitionReply {
        settle(name, [token]) { partition, token, attempts in
            let standing = GroupProgress.Standing.leased(
                number: token.number, until: partition.now + visibility)
            partition.set(.init(attempts: attempts, standing: standing), token.offset, name)
        }
    }

    func mayBury(in topic: String) -> Bool { !topic.hasSuffix(Self.deadSuffix) }

    private mutating func set(
        _ entry: GroupProgress.Pending?, _ offset: Offset, _ name: GroupName
    ) {
        topics[name.topic]?.groups[name.group]?.set(entry, at: offset)
    }
}
