// One run of random commands against a partition, a second replica of it, and the naive model.
//
// The second replica is fed with the bytes of each command and is put aside and restored from a
// snapshot now and then; whatever it has, its bytes must be those of the first. A difference is
// thrown, so that a test can also ask for one: with a planted bug a run must not come through.

import Determinism
import Linux

@testable import Queue

/// Where the partition and the model, or two replicas, parted.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

/// Bugs that a run must find.
enum PlantedBug: CaseIterable {
    /// A token that ran out is taken for the lease that stands now.
    case lateTokenAccepted
    /// A message sent again is a new one.
    case duplicatePublished
    /// A lease ends by the replica's own clock, which is ahead.
    case ownClock
    case oneTryTooMany
    /// A member of an older generation is served.
    case ownerNotFenced
    /// A snapshot leaves out what producers have published.
    case snapshotWithoutProducers
    /// A message comes out although it is in somebody's hands.
    case handedOutTwice
    /// A failed message is there again at once.
    case noPause
    case delayIgnored
    /// A message that was given back without a try has one less.
    case releaseCountsTry
}

struct PartitionTrial {
    private static let topic = "orders"
    private static let groups = ["a", "b"]
    private static let sequencesMax = 12

    private(set) var partition: Partition
    private var follower: Partition
    private(set) var model: PartitionModel
    private var random: SeededRandom
    private let bug: PlantedBug?
    private var now: Int64 = 0
    /// Every token that was ever handed out, by group.
    private var tokens: [(name: GroupName, token: LeaseToken)] = []
    private var sequences: [String: UInt64] = [:]
    private var generation: UInt64 = 1
    private(set) var fencedCount = 0
    private(set) var knownCount = 0

    init(seed: UInt64, bug: PlantedBug? = nil) {
        var policy = PartitionPolicy()
        policy.triesMax = 3
        policy.retention = .nanoseconds(400)
        policy.retryDelayMin = .nanoseconds(4)
        policy.retryDelayMax = .nanoseconds(10)
        policy.producerIdleMin = .zero
        model = PartitionModel(triesMax: policy.triesMax, retention: 400)
        if bug == .oneTryTooMany { policy.triesMax += 1 }
        partition = Partition(index: 0, policy: policy)
        follower = partition
        random = SeededRandom(seed: seed)
        self.bug = bug
    }

    mutating func step() throws {
        now += Int64(random.integer(in: 0..<4))
        if random.chance(0.01) { now += 150 }
        switch random.integer(in: 0..<100) {
        case 0..<30: try publish()
        case 30..<52: try fetch()
        case 52..<70: try acknowledge()
        case 70..<80: try reject()
        case 80..<85: try release()
        case 85..<89: try extend()
        case 89..<94: try tick()
        default: try restoreFollower()
        }
        try compare()
    }

    // MARK: Commands

    private mutating func publish() throws {
        let id = random.integer(in: 0..<200)
        let stamp = drawStamp()
        let delay: Int64 = random.chance(0.2) ? Int64(1 + random.integer(in: 0..<20)) : 0
        let reply = try apply(
            .publish(
                Publication(
                    topic: Self.topic, key: [UInt8(id)], payload: [UInt8(id), 7], stamp: stamp,
                    delay: .nanoseconds(delay))))
        let (offset, isKnown) = model.publish(
            id, to: Self.topic, stamp: stamp, due: now + delay, now: now)
        if isKnown { knownCount += 1 }
        let expected = Offset(rawValue: UInt64(offset))
        try check(reply == (isKnown ? .known(expected) : .published(expected)), "\(reply)")
    }

    /// Mostly the next number, sometimes one of the last few again.
    private mutating func drawStamp() -> ProducerStamp? {
        if random.chance(0.2) { return nil }
        let producer = "p\(random.integer(in: 0..<3))"
        let last = sequences[producer, default: 0]
        if last > 0, random.chance(0.3) {
            let back = UInt64(random.integer(in: 0..<min(Int(last), Self.sequencesMax)))
            return ProducerStamp(producer: producer, sequence: last - back)
        }
        // A gap is what a number leaves that was refused.
        let next = last + UInt64(random.integer(in: 1...2))
        sequences[producer] = next
        return ProducerStamp(producer: producer, sequence: next)
    }

    private mutating func fetch() throws {
        let topic = random.chance(0.1) ? "orders.dead" : Self.topic
        let name = GroupName(topic: topic, group: Self.groups[random.integer(in: 0..<2)])
        if random.chance(0.1) { generation += 1 }
        let own = random.chance(0.1) ? max(1, generation - 1) : generation
        let fetch = Fetch(
            name: name, member: "m\(own % 3)", generation: GroupGeneration(rawValue: own),
            countMax: 1 + random.integer(in: 0..<3),
            visibility: .nanoseconds(Int64(1 + random.integer(in: 0..<30))))
        let reply = try apply(.fetch(fetch))
        guard model.topics[topic] != nil else {
            return try check(reply == .leases([]), "leases of a topic that is not there")
        }
        guard model.take(over: name, fetch.member, own, now) else {
            fencedCount += 1
            guard case .refused(.fenced) = reply else { throw Mismatch(description: "\(reply)") }
            return
        }
        let expected = model.fetch(
            name, fetch.countMax, until: now + fetch.visibility.nanoseconds, now: now)
        guard case .leases(let leases) = reply else { throw Mismatch(description: "\(reply)") }
        try check(leases.map { Int($0.token.offset.rawValue) } == expected.map(\.offset), "order")
        try check(leases.map(\.attempt) == expected.map(\.attempt), "attempts")
        try check(leases.map { Int($0.key[0]) } == expected.map(\.id), "messages")
        for lease in leases {
            try check(!tokens.contains { $0.token.number == lease.token.number }, "token again")
            tokens.append((name, lease.token))
        }
    }

    private mutating func acknowledge() throws {
        let (name, drawn) = drawTokens()
        let reply = try apply(.acknowledge(name, drawn))
        model.expire(name, now)
        var settled: [Bool] = []
        for token in drawn {
            let stands = model.attempts(name, token) != nil
            settled.append(stands)
            if stands { model.finish(name, Int(token.offset.rawValue)) }
        }
        fencedCount += settled.count { !$0 }
        try check(reply == .settled(settled), "\(reply) for \(settled)")
    }

    private mutating func release() throws {
        let (name, drawn) = drawTokens()
        let reply = try apply(.release(name, drawn))
        model.expire(name, now)
        var settled: [Bool] = []
        for token in drawn {
            let attempts = model.attempts(name, token)
            settled.append(attempts != nil)
            if let attempts { model.set(name, Int(token.offset.rawValue), .ready, attempts - 1) }
        }
        try check(reply == .settled(settled), "\(reply) for \(settled)")
    }

    private mutating func extend() throws {
        let (name, drawn) = drawTokens()
        guard let token = drawn.first else { return }
        let reply = try apply(.extend(name, token, by: .nanoseconds(25)))
        model.expire(name, now)
        let attempts = model.attempts(name, token)
        if let attempts {
            model.set(
                name, Int(token.offset.rawValue), .leased(number: token.number, until: now + 25),
                attempts)
        }
        try check(reply == .settled([attempts != nil]), "\(reply)")
    }

    private mutating func reject() throws {
        let (name, drawn) = drawTokens()
        guard let token = drawn.first else { return }
        let isPoison = random.chance(0.2)
        let reply = try apply(
            .reject(
                name, Rejection(token: token, note: "n", isPoison: isPoison, seed: random.next()))
        )
        model.expire(name, now)
        let offset = Int(token.offset.rawValue)
        guard let attempts = model.attempts(name, token) else {
            return try check(reply == .settled([false]), "\(reply)")
        }
        if !name.topic.hasSuffix(".dead"), isPoison || attempts >= model.triesMax {
            try check(reply == .buried, "\(reply)")
            return model.bury(name, offset, isPoison ? .poison : .failed, now: now)
        }
        guard case .retried(let delay) = reply else { throw Mismatch(description: "\(reply)") }
        let ceiling: Int64 = attempts == 1 ? 4 : attempts == 2 ? 8 : 10
        try check((0...ceiling).contains(delay.nanoseconds), "a pause of \(delay)")
        model.set(name, offset, .waiting(until: now + delay.nanoseconds), attempts)
    }

    private mutating func tick() throws {
        _ = try apply(.tick)
        model.tick(now)
    }

    /// Mostly recent ones, sometimes one that is long over.
    private mutating func drawTokens() -> (GroupName, [LeaseToken]) {
        let pool = random.chance(0.8) ? Array(tokens.suffix(8)) : tokens
        guard let first = random.element(of: pool) else {
            return (GroupName(topic: Self.topic, group: "a"), [])
        }
        var drawn = [first.token]
        if random.chance(0.3), let second = random.element(of: pool), second.name == first.name {
            drawn.append(second.token)
        }
        return (first.name, drawn)
    }

    // MARK: The replicas

    private mutating func apply(_ command: PartitionCommand) throws -> PartitionReply {
        let timed = TimedCommand(time: LogTime(nanoseconds: now), command: command)
        let reply = partition.apply(planted(timed))
        if bug == .handedOutTwice, case .fetch = command {
            for name in partition.topics.keys { spoil(topic: name) }
        }
        let bytes = CommandBatch(time: timed.time, commands: [command]).encoded
        let batch = try CommandBatch(bytes.span)
        let echoed = follower.apply(
            planted(TimedCommand(time: batch.time, command: batch.commands[0])))
        if bug == nil { try check(echoed == reply, "replicas answer \(reply) and \(echoed)") }
        return reply
    }

    private mutating func restoreFollower() throws {
        follower = try Partition(snapshot: partition.snapshot.span)
        if bug == .snapshotWithoutProducers {
            follower.producers = ProducerTable()
            // The follower leads from here on.
            partition = follower
        }
    }

    private func planted(_ timed: TimedCommand) -> TimedCommand {
        var timed = timed
        switch (bug, timed.command) {
        case (.lateTokenAccepted, .acknowledge(let name, let tokens)):
            timed.command = .acknowledge(name, tokens.map { current($0, name) })
        case (.duplicatePublished, .publish(var publication)):
            publication.stamp = nil
            timed.command = .publish(publication)
        case (.delayIgnored, .publish(var publication)):
            publication.delay = .zero
            timed.command = .publish(publication)
        case (.ownClock, _): timed.time = timed.time + .nanoseconds(5)
        case (.ownerNotFenced, .fetch(var fetch)):
            fetch.generation = GroupGeneration(rawValue: generation + 1)
            fetch.member = "m"
            timed.command = .fetch(fetch)
        case (.noPause, .reject(let name, let rejection)) where !rejection.isPoison:
            timed.command = .release(name, [rejection.token])
        case (.releaseCountsTry, .release(let name, let tokens)) where !tokens.isEmpty:
            timed.command = .extend(name, tokens[0], by: .nanoseconds(-1))
        default: break
        }
        return timed
    }

    /// The lease that stands for the message of a token.
    private func current(_ token: LeaseToken, _ name: GroupName) -> LeaseToken {
        let entry = partition.topics[name.topic]?.groups[name.group]?.pending[token.offset]
        guard case .leased(let number, _)? = entry?.standing else { return token }
        return LeaseToken(offset: token.offset, number: number)
    }

    private mutating func spoil(topic: String) {
        for group in partition.topics[topic]?.groups.keys.sorted() ?? [] {
            for (offset, entry) in partition.topics[topic]?.groups[group]?.pending ?? [:] {
                guard case .leased = entry.standing else { continue }
                partition.topics[topic]?.groups[group]?.set(
                    .init(attempts: entry.attempts, standing: .ready), at: offset)
            }
        }
    }

    // MARK: Comparison

    private mutating func compare() throws {
        let time = LogTime(nanoseconds: now)
        for topic in model.topics.keys.sorted() {
            for group in Self.groups {
                let name = GroupName(topic: topic, group: group)
                let expected = model.depth(name, now)
                let depth = partition.depth(of: name, at: time)
                try check(depth == expected, "\(name) has \(depth), not \(expected)")
            }
        }
        let open = model.topics.values.joined().filter { !$0.isGone }
        try check(partition.messageCount == open.count, "\(partition.messageCount) messages")
        let bytes = open.count * (3 + PartitionPolicy.messageOverhead)
        try check(partition.byteCount == bytes, "\(partition.byteCount) bytes")
        if bug == nil {
            try check(partition.snapshot == follower.snapshot, "the replicas parted")
        }
    }

    private func check(_ isRight: Bool, _ what: @autoclosure () -> String) throws {
        if !isRight { throw Mismatch(description: "at \(now): \(what())") }
    }
}
