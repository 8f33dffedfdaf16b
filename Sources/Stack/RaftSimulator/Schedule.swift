// A whole run before it begins: the group, the weather, and every fault, operation and chore with its time.
//
// A schedule is drawn from one seed, and then is data. The run adds only what happens between these
// events, from streams of random numbers of the same seed, so a schedule always runs the same way; and since
// every event copes with whatever state it meets, so does each subset of one. That is what
// shrinking lives on.

package struct Schedule: Hashable, Sendable {
    package let seed: UInt64
    package var group: GroupShape
    package var weather: Weather
    /// When the faults end and the group has to come back.
    package var duration: SimulatedTime
    /// In the order of their times.
    package var events: [Event]

    package struct Event: Hashable, Sendable {
        package let time: SimulatedTime
        package let action: Action
    }

    package enum Action: Hashable, Sendable {
        case operation(Operation)
        case fault(Fault, for: SimulatedTime)
        case ambush(Ambush)
        case chore(Chore)
    }
}

/// The group and the numbers that its nodes run with.
package struct GroupShape: Hashable, Sendable {
    package var voters = 3
    /// Nodes that run beside the group and may join it.
    package var spares = 0
    /// A node's clock ticks this often.
    package var tick = SimulatedTime.milliseconds(10)
    /// Least time without a leader before an election.
    package var electionTimeout = SimulatedTime.milliseconds(300)
    package var heartbeat = SimulatedTime.milliseconds(50)
    /// Leaders answer reads by a lease that allows clocks to differ by so many percent; nil: they ask.
    ///
    /// No clock then breaks this assumption: faults of clocks are held within it.
    package var leaseDriftPercentMax: Int?
    package var appendBytesMax = 256 << 10
    package var appendsInFlightMax = 64
    package var committedBytesMax = 1 << 20
    /// An fsync takes from this on, up to ten times as long.
    package var syncMin = SimulatedTime(microseconds: 200)
    /// Whether messages cross the network as bytes, or as the values that the coding must give back.
    package var encodesMessages = false
}

/// What a client does: some writes in one proposal, or one read.
package struct Operation: Hashable, Sendable {
    package let aim: Target
    package let key: RegisterKey
    /// Whether a node that does not lead reads its own state, or hands the writes on, rather than refuse.
    package let isHandedOn: Bool
    /// Zero: a read.
    package let writes: Int
    package let padding: Int

    var isRead: Bool { writes == 0 }
}

/// A fault that waits for its moment, and so strikes where the protocol is weakest.
package struct Ambush: Hashable, Sendable {
    package enum Moment: String, Hashable, Sendable, CaseIterable {
        /// A node has won an election; the target `leader` is that node.
        case election
        /// A node has promised its vote.
        case vote
        /// A node has confirmed entries.
        case confirmation
        /// A node has called entries committed.
        case commit
        /// A node has taken over a snapshot.
        case snapshot
        /// A leader has begun a round of heartbeats, and nobody can have answered it yet.
        case round
    }

    package let moment: Moment
    package let delay: SimulatedTime
    package let fault: SuddenFault
    package let lasting: SimulatedTime

    /// A fault that strikes the node whose moment it is.
    package enum SuddenFault: Hashable, Sendable {
        case crash(landed: UInt8, torn: UInt8)
        case pause
        case cut(Cut)
    }

    /// How the node's links are cut.
    package enum Cut: String, Hashable, Sendable {
        case isolate, mute, deafen

        func around(_ victim: Target) -> Partition {
            switch self {
            case .isolate: .isolated(victim)
            case .mute: .muted(victim)
            case .deafen: .deafened(victim)
            }
        }
    }

    /// Nil for faults that are no partitions.
    func partition(of place: Int) -> Partition? {
        guard case .cut(let cut) = fault else { return nil }
        return cut.around(.place(place))
    }
}

/// What operators and drivers do in passing.
package enum Chore: Hashable, Sendable {
    /// Make the state machine durable, and drop the log that it covers but for some entries.
    case compact(Target, keep: Int)
    case transfer(to: Target)
    case campaign(Target)
    case change(Wish)

    /// A change of the members, put together from who is a member when its time has come.
    package enum Wish: Hashable, Sendable {
        case addLearner(Target)
        case promote(Target)
        case demote(Target)
        case remove(Target)
        /// A learner takes the place of a voter.
        case swap(out: Target, in: Target)
    }
}

// MARK: - Printing

extension Schedule: CustomStringConvertible {
    package var description: String {
        let faults = events.map { "  \($0)" }
        return """
            \(group.voters) voters and \(group.spares) spares, tick \(group.tick), election \(group.electionTimeout), \
            \(group.leaseDriftPercentMax.map { "leases up to \($0) % of drift" } ?? "no leases"), \
            weather \(weather.lost)/1000 lost, \(weather.repeated)/1000 repeated, \
            \(weather.straggling)/1000 straggling, delay \(weather.delayMin) to \(weather.delayMax)
            \(faults.joined(separator: "\n"))
            """
    }
}

extension Schedule.Event: CustomStringConvertible {
    package var description: String { "\(time): \(action)" }
}

extension Schedule.Action: CustomStringConvertible {
    package var description: String {
        switch self {
        case .operation(let operation): "\(operation)"
        case .fault(let fault, let span): "\(fault) for \(span)"
        case .ambush(let ambush): "\(ambush)"
        case .chore(let chore): "\(chore)"
        }
    }
}

extension Operation: CustomStringConvertible {
    package var description: String {
        (isRead ? "read \(key) at \(aim)" : "write \(key) \(writes) times at \(aim)")
            + (isHandedOn ? ", through whoever leads" : "")
    }
}

extension Ambush: CustomStringConvertible {
    package var description: String {
        "at the next \(moment.rawValue), \(delay) later, \(fault) that node for \(lasting)"
    }
}

extension Ambush.SuddenFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .crash(let landed, let torn): "crash (\(landed)/255 and \(torn) parts landed)"
        case .pause: "pause"
        case .cut(let cut): cut.rawValue
        }
    }
}

extension Chore.Wish: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addLearner(let target): "add \(target) as a learner"
        case .promote(let target): "promote \(target)"
        case .demote(let target): "demote \(target)"
        case .remove(let target): "remove \(target)"
        case .swap(let out, let successor): "let \(successor) take the place of \(out)"
        }
    }
}

extension Chore: CustomStringConvertible {
    package var description: String {
        switch self {
        case .compact(let target, let keep): "compact \(target), keep \(keep) entries"
        case .transfer(let target): "transfer leadership to \(target)"
        case .campaign(let target): "let \(target) campaign"
        case .change(let wish): "\(wish)"
        }
    }
}
