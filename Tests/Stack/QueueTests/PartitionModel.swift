// A partition as lists that are searched from end to end: slow, short, and easy to believe.
//
// It knows nothing of heaps, cursors or windows of sequence numbers. A message is never taken off
// its list; where it stands with each group is looked up by name.

import Linux

@testable import Queue

struct PartitionModel {
    struct Message {
        let id: Int
        let published: Int64
        let due: Int64
        let reason: Burial.Reason?
        var isGone = false
        /// By group; a group that never looked at it has no entry.
        var entries: [String: Entry] = [:]
    }

    struct Entry {
        var attempts = 0
        var place = Place.fresh
    }

    enum Place: Equatable {
        case fresh, ready, done
        case leased(number: UInt64, until: Int64)
        case waiting(until: Int64)
    }

    struct Group {
        var generation: UInt64
        var member: String
        var lastUsed: Int64
    }

    let triesMax: Int
    let retention: Int64
    var topics: [String: [Message]] = [:]
    var groups: [GroupName: Group] = [:]
    var leaseNumber: UInt64 = 0
    var published: [String: [UInt64: Int]] = [:]

    init(triesMax: Int, retention: Int64) {
        self.triesMax = triesMax
        self.retention = retention
    }

    func groups(of topic: String) -> [String] {
        groups.keys.filter { $0.topic == topic }.map(\.group).sorted()
    }

    // MARK: Publishing

    /// The offset, and whether it was published before.
    mutating func publish(
        _ id: Int, to topic: String, stamp: ProducerStamp?, due: Int64, now: Int64
    ) -> (offset: Int, isKnown: Bool) {
        if let stamp, let offset = published[stamp.producer]?[stamp.sequence] {
            return (offset, true)
        }
        let offset = append(Message(id: id, published: now, due: due, reason: nil), to: topic)
        if let stamp { published[stamp.producer, default: [:]][stamp.sequence] = offset }
        return (offset, false)
    }

    private mutating func append(_ message: Message, to topic: String) -> Int {
        topics[topic, default: []].append(message)
        return (topics[topic]?.count ?? 0) - 1
    }

    // MARK: Delivery

    /// False when the member is fenced; adds the group when it is new.
    mutating func take(over name: GroupName, _ member: String, _ generation: UInt64, _ now: Int64)
        -> Bool
    {
        if let group = groups[name] {
            if generation < group.generation { return false }
            if generation == group.generation, member != group.member { return false }
        } else {
            for offset in topics[name.topic]?.indices ?? 0..<0 {
                let isGone = topics[name.topic]?[offset].isGone == true
                topics[name.topic]?[offset].entries[name.group] =
                    isGone
                    ? Entry(place: .done) : nil
            }
        }
        groups[name] = Group(generation: generation, member: member, lastUsed: now)
        return true
    }

    /// The offset, id and attempt of each message that is handed out.
    mutating func fetch(
        _ name: GroupName, _ countMax: Int, until: Int64, now: Int64
    ) -> [(offset: Int, id: Int, attempt: Int)] {
        expire(name, now)
        var taken: [(offset: Int, id: Int, attempt: Int)] = []
        while taken.count < countMax, let offset = next(name, now) {
            leaseNumber += 1
            let attempt = (entry(name, offset)?.attempts ?? 0) + 1
            set(name, offset, .leased(number: leaseNumber, until: until), attempt)
            taken.append((offset, topics[name.topic]?[offset].id ?? -1, attempt))
        }
        return taken
    }

    private mutating func next(_ name: GroupName, _ now: Int64) -> Int? {
        let messages = topics[name.topic] ?? []
        let open = messages.indices.filter { !messages[$0].isGone }
        if let again = open.first(where: { messages[$0].entries[name.group]?.place == .ready }) {
            return again
        }
        for offset in open where messages[offset].entries[name.group] == nil {
            if messages[offset].due <= now { return offset }
            set(name, offset, .waiting(until: messages[offset].due), 0)
        }
        return nil
    }

    /// The attempts of a lease that stands.
    func attempts(_ name: GroupName, _ token: LeaseToken) -> Int? {
        guard let entry = entry(name, Int(token.offset.rawValue)),
            case .leased(token.number, _) = entry.place
        else { return nil }
        return entry.attempts
    }

    mutating func finish(_ name: GroupName, _ offset: Int) {
        set(name, offset, .done, 0)
        let all = groups(of: name.topic)
        let isDone = all.allSatisfy { group in
            topics[name.topic]?[offset].entries[group]?.place == .done
        }
        if isDone { topics[name.topic]?[offset].isGone = true }
    }

    mutating func bury(_ name: GroupName, _ offset: Int, _ reason: Burial.Reason, now: Int64) {
        guard let message = topics[name.topic]?[offset] else { return }
        _ = append(
            Message(id: message.id, published: now, due: now, reason: reason),
            to: name.topic + ".dead")
        if groups[name] != nil { finish(name, offset) }
    }

    // MARK: Time

    mutating func expire(_ name: GroupName, _ now: Int64) {
        let due = (topics[name.topic] ?? []).enumerated()
            .compactMap { offset, message -> (time: Int64, offset: Int, isLease: Bool)? in
                if message.isGone { return nil }
                switch message.entries[name.group]?.place {
                case .leased(_, let until) where until <= now: return (until, offset, true)
                case .waiting(let until) where until <= now: return (until, offset, false)
                default: return nil
                }
            }
            .sorted { ($0.time, $0.offset) < ($1.time, $1.offset) }
        for (_, offset, isLease) in due {
            let attempts = entry(name, offset)?.attempts ?? 0
            if isLease, !name.topic.hasSuffix(".dead"), attempts >= triesMax {
                bury(name, offset, .ranOut, now: now)
            } else {
                set(name, offset, .ready, attempts)
            }
        }
    }

    mutating func tick(_ now: Int64) {
        for topic in topics.keys.sorted() {
            for group in groups(of: topic) { expire(GroupName(topic: topic, group: group), now) }
            retire(topic, now)
        }
    }

    private mutating func retire(_ topic: String, _ now: Int64) {
        for offset in topics[topic]?.indices ?? 0..<0 {
            guard let message = topics[topic]?[offset], !message.isGone,
                now - message.published >= retention
            else { continue }
            let all = groups(of: topic)
            let undone = all.filter { message.entries[$0]?.place != .done }
            for group in all.isEmpty ? [""] : undone where !topic.hasSuffix(".dead") {
                bury(GroupName(topic: topic, group: group), offset, .tooOld, now: now)
            }
            topics[topic]?[offset].isGone = true
        }
        forgetIdleGroups(of: topic, now)
    }

    private mutating func forgetIdleGroups(of topic: String, _ now: Int64) {
        let idle = groups.filter { $0.key.topic == topic && now - $0.value.lastUsed >= retention }
        if idle.isEmpty { return }
        for name in idle.keys {
            groups[name] = nil
            for offset in topics[topic]?.indices ?? 0..<0 {
                topics[topic]?[offset].entries[name.group] = nil
            }
        }
        let left = groups(of: topic)
        for offset in topics[topic]?.indices ?? 0..<0 where !left.isEmpty {
            let isDone = left.allSatisfy { topics[topic]?[offset].entries[$0]?.place == .done }
            if isDone { topics[topic]?[offset].isGone = true }
        }
    }

    // MARK: Figures

    func depth(_ name: GroupName, _ now: Int64) -> GroupDepth {
        var depth = GroupDepth()
        for message in topics[name.topic] ?? [] where !message.isGone {
            switch message.entries[name.group]?.place {
            case nil, .fresh, .ready: depth.ready += 1
            case .leased: depth.leased += 1
            case .waiting: depth.waiting += 1
            case .done: continue
            }
            depth.oldestAge = max(depth.oldestAge, .nanoseconds(now - message.published))
        }
        return depth
    }

    private func entry(_ name: GroupName, _ offset: Int) -> Entry? {
        guard let messages = topics[name.topic], messages.indices.contains(offset),
            !messages[offset].isGone
        else { return nil }
        return messages[offset].entries[name.group]
    }

    mutating func set(_ name: GroupName, _ offset: Int, _ place: Place, _ attempts: Int) {
        topics[name.topic]?[offset].entries[name.group] = Entry(attempts: attempts, place: place)
    }
}
