// What breaks in a simulation, and what mends it.

import Determinism
import Raft

extension Simulation {
    mutating func strike(_ fault: Fault, for span: SimulatedTime) throws(Violation) {
        switch fault {
        case .crash(let target, let landed, let torn):
            try crash(place(of: target), landed: landed, torn: torn, for: span)
        case .blackout(let landed, let torn):
            for place in nodes.indices {
                try crash(place, landed: landed, torn: torn, for: span)
            }
        case .pause(let target): pause(place(of: target), for: span)
        case .partition(let partition):
            let links = network.links(of: partition) { place(of: $0) }
            cut(links, for: span)
        case .storm(let weather):
            storms.append(weather)
            add(.storm, for: span)
        case .clock(let target, let percent):
            let place = place(of: target)
            nodes[place].clockRates.append(percent)
            add(.clock(place: place, percent: percent), for: span)
        case .slowDisk(let target, let times):
            let place = place(of: target)
            nodes[place].diskFactors.append(times)
            add(.slowDisk(place: place, times: times), for: span)
        }
    }

    // MARK: Processes

    private mutating func crash(
        _ place: Int, landed: UInt8, torn: UInt8, for span: SimulatedTime
    ) throws(Violation) {
        guard nodes[place].downUntil == nil else { return }
        if narrate != nil { note("\(nodes[place].id) crashes") }
        tallies.crashes += 1
        tallies.writesLost += nodes[place].unpersisted.count
        for promised in nodes[place].waitingReads { openReads[promised.id] = nil }
        try nodes[place].lose(landed: landed, torn: torn)
        nodes[place].pausedUntil = nil
        nodes[place].downUntil = now + span
        queue.add(.restart(place), at: now + span)
    }

    mutating func restart(_ place: Int) throws(Violation) {
        guard let end = nodes[place].downUntil, end <= now else { return }
        if narrate != nil { note("\(nodes[place].id) starts again") }
        nodes[place].downUntil = nil
        do {
            try nodes[place].restart()
        } catch {
            throw Violation(.durability, "\(nodes[place].id) cannot start again: \(error)")
        }
        try drain(place)
    }

    private mutating func pause(_ place: Int, for span: SimulatedTime) {
        guard nodes[place].isRunning else { return }
        if narrate != nil { note("\(nodes[place].id) stands still") }
        tallies.pauses += 1
        nodes[place].pausedUntil = now + span
        queue.add(.resume(place), at: now + span)
    }

    /// Lets a paused process go on, into one of the orders in which it may find what came meanwhile.
    mutating func resume(_ place: Int) throws(Violation) {
        guard let end = nodes[place].pausedUntil, end <= now else { return }
        if narrate != nil { note("\(nodes[place].id) goes on") }
        nodes[place].pausedUntil = nil
        // A client that waited in the socket may be served before any news is heard.
        let hasLease = schedule.group.leaseDriftPercentMax != nil
        // With a lease, time is counted before anything is read.
        let isTimeFirst = random.chance(0.3) || hasLease
        if hasLease { try makeUp(place) }
        if random.chance(0.5) {
            try attempt(
                Retry(operation: .read(RegisterKey(0), at: .place(place)), place: place, left: 0))
        }
        if isTimeFirst { try makeUp(place) }
        let held = nodes[place].held
        nodes[place].held = []
        for parcel in held { try deliver(parcel, to: place) }
        if nodes[place].hasHeldSync {
            nodes[place].hasHeldSync = false
            try didSync(place, life: nodes[place].life)
        }
        if !isTimeFirst { try makeUp(place) }
        try drain(place)
    }

    private mutating func makeUp(_ place: Int) throws(Violation) {
        let missed = nodes[place].missedTicks
        guard missed > 0 else { return }
        nodes[place].missedTicks = 0
        nodes[place].raft.step(.tick(count: missed))
        try drain(place)
    }

    // MARK: Faults that last

    private mutating func cut(_ links: [(from: Int, to: Int)], for span: SimulatedTime) {
        tallies.partitions += 1
        network.change(links, cut: true)
        add(.cut(links), for: span)
    }

    private mutating func add(_ effect: Effect, for span: SimulatedTime) {
        effects.append(effect)
        queue.add(.effectEnds(effects.count - 1), at: now + span)
    }

    mutating func end(_ number: Int) {
        guard let effect = effects[number].take() else { return }
        switch effect {
        case .cut(let links): network.change(links, cut: false)
        case .storm: storms.removeFirst()
        case .clock(let place, let percent):
            if let rate = nodes[place].clockRates.firstIndex(of: percent) {
                nodes[place].clockRates.remove(at: rate)
            }
        case .slowDisk(let place, let times):
            if let factor = nodes[place].diskFactors.firstIndex(of: times) {
                nodes[place].diskFactors.remove(at: factor)
            }
        }
    }

    // MARK: Ambushes

    /// Lets an ambush strike that waited for this moment.
    mutating func spring(_ moment: Ambush.Moment, _ place: Int) {
        guard !ambushes.isEmpty, let armed = ambushes.firstIndex(where: { $0.moment == moment })
        else { return }
        let ambush = ambushes.remove(at: armed)
        if ambush.delay == .zero, let partition = ambush.partition(of: place) {
            // At once: what this very step still sends is lost already.
            if narrate != nil { note("\(partition), by the ambush at \(moment.rawValue)") }
            let links = network.links(of: partition) { self.place(of: $0) }
            return cut(links, for: ambush.lasting)
        }
        sprung.append((ambush, place))
        queue.add(.ambushStrikes(sprung.count - 1), at: now + ambush.delay)
    }

    mutating func strike(_ ambush: Ambush, at place: Int) throws(Violation) {
        guard !isRecovering else { return }
        if narrate != nil { note("the ambush at \(ambush.moment) strikes node \(place + 1)") }
        let victim = Target.place(place)
        let fault: Fault =
            switch ambush.fault {
            case .crash(let landed, let torn): .crash(victim, landed: landed, torn: torn)
            case .pause: .pause(victim)
            case .cut(let partition): .partition(partition.around(victim))
            }
        try strike(fault, for: ambush.lasting)
    }

    // MARK: Chores

    mutating func perform(_ chore: Chore) throws(Violation) {
        switch chore {
        case .compact(let target, let keep): try compact(place(of: target), keep: keep)
        case .transfer(let target):
            guard let leader = leaderPlace() else { return }
            let heir = nodes[place(of: target)].id
            nodes[leader].raft.step(.transferLeadership(to: heir))
            try drain(leader)
        case .campaign(let target):
            let place = place(of: target)
            guard nodes[place].isRunning else { return }
            nodes[place].raft.step(.campaign)
            try drain(place)
        case .change(let wish):
            guard let leader = leaderPlace() else { return }
            let change = change(for: wish, at: leader)
            // A refusal is an answer like any other: the wish comes too early, or again.
            let receipt = try? nodes[leader].raft.propose(change)
            if narrate != nil, receipt != nil { note("\(nodes[leader].id) takes it up") }
            try drain(leader)
        }
    }

    private func change(for wish: Chore.Wish, at leader: Int) -> MembershipChange {
        func id(_ target: Target) -> NodeID { nodes[place(of: target)].id }
        switch wish {
        case .addLearner(let target): return .addLearner(id(target))
        case .promote(let target): return .promote(id(target))
        case .demote(let target): return .demote(id(target))
        case .remove(let target): return .remove(id(target))
        case .swap(let out, let successor):
            let membership = nodes[leader].log.membership
            let voters = Set(membership.voters).subtracting([id(out)]).union([id(successor)])
            return .replace(
                voters: voters, learners: Set(membership.learners).subtracting(voters))
        }
    }

    private mutating func compact(_ place: Int, keep: Int) throws(Violation) {
        guard nodes[place].isRunning else { return }
        // A disk that does not have the snapshot yet which the node installs stays as it is.
        guard nodes[place].unpersisted.allSatisfy({ $0.snapshot == nil }) else { return }
        nodes[place].disk.save(nodes[place].machine)
        let applied = nodes[place].machine.applied.index.rawValue
        let target = LogIndex(applied - min(applied, UInt64(keep)))
        guard target > nodes[place].disk.snapshot?.index ?? .zero,
            let descriptor = nodes[place].raft.snapshotDescriptor(at: target)
        else { return }
        if narrate != nil { note("\(nodes[place].id) compacts through \(target)") }
        nodes[place].disk.compact(to: descriptor)
        nodes[place].log.compact(to: descriptor.position)
        nodes[place].raft.step(.compact(through: target))
        try drain(place)
    }
}
