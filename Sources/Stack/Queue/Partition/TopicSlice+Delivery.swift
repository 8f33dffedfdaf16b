// Messages of a topic on their way to a group and back. A group is found by its name once for all of
// them: a fetch may hand out a thousand.

/// How much one fetch may take, and for how long.
struct Handover {
    let now: LogTime
    /// When the leases end.
    let deadline: LogTime
    let countMax: Int
    /// Reached by the last message at most.
    let bytesMax: Int
}

extension TopicSlice {
    /// Leases messages that are due, those that were handed out before ahead of fresh ones; `number`
    /// is that of the partition's last lease.
    mutating func hand(
        to name: String, _ handover: Handover, number: inout UInt64
    ) -> [Lease] {
        guard let group = groups.index(forKey: name) else { return [] }
        var leases: [Lease] = []
        var bytes = 0
        while leases.count < handover.countMax, bytes < handover.bytesMax,
            let (offset, message) = nextDue(for: group, at: handover.now)
        {
            number += 1
            let attempts = groups.values[group].attempts(at: offset) + 1
            groups.values[group].set(
                .init(
                    attempts: attempts,
                    standing: .leased(number: number, until: handover.deadline)),
                at: offset)
            bytes += message.key.count + message.payload.count
            leases.append(
                Lease(
                    token: LeaseToken(offset: offset, number: number), attempt: attempts,
                    key: message.key, payload: message.payload, burial: message.burial))
        }
        return leases
    }

    /// The next message to be leased; those before it that are not due yet wait from here on.
    private mutating func nextDue(
        for group: Dictionary<String, GroupProgress>.Index, at now: LogTime
    ) -> (Offset, Message)? {
        while let offset = groups.values[group].takeReady() ?? takeFresh(for: group) {
            guard let message = messages[offset] else { continue }
            if message.due <= now { return (offset, message) }
            let attempts = groups.values[group].attempts(at: offset)
            groups.values[group].set(
                .init(attempts: attempts, standing: .waiting(until: message.due)), at: offset)
        }
        return nil
    }

    /// The next message that the group never looked at; moves its cursor past it.
    private mutating func takeFresh(
        for group: Dictionary<String, GroupProgress>.Index
    ) -> Offset? {
        var cursor = max(groups.values[group].cursor, floor)
        while cursor < nextOffset, messages[cursor] == nil { cursor = cursor.next }
        let found = cursor < nextOffset ? cursor : nil
        groups.values[group].cursor = found?.next ?? cursor
        if found != nil { groups.values[group].freshCount -= 1 }
        return found
    }

    /// Ends the leases that still stand, and tells which those were.
    mutating func acknowledge(_ tokens: [LeaseToken], for name: String) -> [Bool] {
        guard let group = groups.index(forKey: name) else { return tokens.map { _ in false } }
        return tokens.map { token in
            guard groups.values[group].attempts(of: token) != nil else { return false }
            acknowledgedCount += 1
            groups.values[group].set(nil, at: token.offset)
            removeIfDone(token.offset)
            return true
        }
    }
}
