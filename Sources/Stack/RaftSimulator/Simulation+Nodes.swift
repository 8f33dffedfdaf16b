// The driver of each simulated node: it does what the readies ask, in their order, and judges each.

import Determinism
import Raft

extension Simulation {
    // MARK: Time and messages

    mutating func tick(_ place: Int) throws(Violation) {
        let nominal = schedule.group.tick
        let interval = nodes[place].tickInterval(
            nominal, driftPercentMax: schedule.group.leaseDriftPercentMax)
        queue.add(.tick(place), at: now + (interval ?? nominal))
        guard interval != nil, nodes[place].downUntil == nil else { return }
        guard nodes[place].pausedUntil == nil else { return nodes[place].missedTicks += 1 }
        nodes[place].raft.step(.tick(count: 1))
        try drain(place)
    }

    mutating func arrive(_ number: Int) throws(Violation) {
        guard let parcel = network.take(number) else { return }
        let place = Int(parcel.message.to.rawValue) - 1
        if nodes[place].downUntil != nil { return finish(parcel, isDelivered: false) }
        if nodes[place].pausedUntil != nil { return nodes[place].held.append(parcel) }
        try deliver(parcel, to: place)
    }

    mutating func deliver(_ parcel: SimulatedNetwork.Parcel, to place: Int) throws(Violation) {
        guard case .installSnapshot(let descriptor) = parcel.message.body else {
            nodes[place].raft.step(.message(parcel.message))
            return try drain(place)
        }
        nodes[place].staged[descriptor] = parcel.state
        nodes[place].raft.step(.message(parcel.message))
        try drain(place)
        if !nodes[place].unpersisted.contains(where: { $0.snapshot == descriptor }) {
            nodes[place].staged[descriptor] = nil
        }
        finish(parcel, isDelivered: true)
    }

    /// Tells the sender of a snapshot what became of it.
    private mutating func finish(_ parcel: SimulatedNetwork.Parcel, isDelivered: Bool) {
        guard parcel.isReported else { return }
        let event = RaftEvent.snapshotFinished(to: parcel.message.to, isDelivered: isDelivered)
        report(event, to: Int(parcel.message.from.rawValue) - 1)
    }

    /// Lets a driver learn something about a link; a little later, as it would from a socket.
    private mutating func report(_ event: RaftEvent, to place: Int) {
        reports.append(Report(event: event, place: place, life: nodes[place].life))
        queue.add(.report(reports.count - 1), at: now + SimulatedTime(microseconds: 50))
    }

    mutating func hear(_ report: Report) throws(Violation) {
        guard nodes[report.place].life == report.life else { return }
        guard nodes[report.place].downUntil == nil else { return }
        nodes[report.place].raft.step(report.event)
        // A process that stands still does nothing about it yet.
        if nodes[report.place].pausedUntil == nil { try drain(report.place) }
    }

    // MARK: Readies

    /// Takes all that a node has ready; to be called after each change to its core.
    mutating func drain(_ place: Int) throws(Violation) {
        while let ready = nodes[place].raft.takeReady() { try take(ready, place) }
        try judgeCommit(place)
    }

    private mutating func take(_ ready: Ready, _ place: Int) throws(Violation) {
        if let descriptor = ready.snapshot { try install(descriptor, place) }
        try write(ready, place)
        if let membership = ready.membership, membership != nodes[place].log.membership {
            throw Violation(
                .configuration,
                "\(nodes[place].id) acts by other members than the newest in its log")
        }
        if let change = ready.change { try take(change, place) }
        try judgeCommit(place)
        for entry in ready.committed { try apply(entry, place) }
        for forwarded in ready.forwarded { try settle(forwarded, place) }
        for id in ready.abandonedReads { openReads[id] = nil }
        nodes[place].waitingReads += ready.reads
        if !nodes[place].waitingReads.isEmpty { try answerReads(place) }
        for message in ready.messages { try send(message, from: place) }
        guard ready.needsPersistence || !nodes[place].unpersisted.isEmpty else {
            for message in ready.messagesAfterPersistence { try send(message, from: place) }
            return
        }
        nodes[place].unpersisted.append(ready)
        if nodes[place].syncing == 0 { startSync(place) }
    }

    private mutating func install(
        _ descriptor: SnapshotDescriptor, _ place: Int
    ) throws(Violation) {
        let id = nodes[place].id
        if narrate != nil { note("\(id) installs a snapshot through \(descriptor.position)") }
        guard let state = nodes[place].staged[descriptor] else {
            throw Violation(.stateMachineSafety, "\(id) installs a snapshot that nobody sent")
        }
        let present = nodes[place].machine.applied
        guard present.index <= descriptor.index else {
            throw Violation(
                .stateMachineSafety, "\(id) goes back from \(present) to \(descriptor.position)")
        }
        tallies.snapshots += 1
        nodes[place].log.replace(by: descriptor)
        nodes[place].machine = state
        try checker.didInstall(descriptor, by: id)
        try checker.didApply(descriptor.position, by: id, digest: state.digest)
        spring(.snapshot, place)
    }

    private mutating func write(_ ready: Ready, _ place: Int) throws(Violation) {
        let id = nodes[place].id
        if let cut = ready.truncateFrom {
            guard nodes[place].leads != nodes[place].raft.currentTerm else {
                throw Violation(.leaderAppendOnly, "\(id) leads and cuts its log from \(cut)")
            }
            if narrate != nil { note("\(id) cuts its log from \(cut)") }
            tallies.truncations += 1
            let before = nodes[place].log.membership
            nodes[place].log.cut(from: cut)
            guard ready.membership != nil || nodes[place].log.membership == before else {
                throw Violation(.configuration, "\(id) keeps the members of an entry that it cut")
            }
        }
        for entry in ready.entries {
            let previous = nodes[place].log.last
            guard entry.index == previous.index.next else {
                throw Violation(.logMatching, "\(id) writes \(entry.position) behind \(previous)")
            }
            try checker.didWrite(entry, behind: previous.term)
            nodes[place].log.append(entry)
        }
    }

    private mutating func take(_ change: RoleChange, _ place: Int) throws(Violation) {
        let id = nodes[place].id
        if narrate != nil { note("\(id) is \(change.role.rawValue) in term \(change.term)") }
        nodes[place].leads = change.role == .leader ? change.term : nil
        guard change.role == .leader else { return }
        let isNew = try checker.didLead(id, term: change.term, log: nodes[place].log)
        guard isNew else { return }
        guard nodes[place].disk.hardState == HardState(term: change.term, vote: id) else {
            throw Violation(
                .durability, "\(id) leads term \(change.term), and its own vote is not on its disk")
        }
        spring(.election, place)
        rush(place)
    }

    // MARK: Judging

    private mutating func judgeCommit(_ place: Int) throws(Violation) {
        let (commit, term) = Self.marks(of: &nodes[place].raft)
        let seen = max(nodes[place].commitSeen, nodes[place].log.base.index)
        guard seen < commit else { return }
        let id = nodes[place].id
        for index in seen.next...commit {
            guard let entryTerm = nodes[place].log.term(at: index) else {
                throw Violation(.stateMachineSafety, "\(id) commits \(index), which it lacks")
            }
            let position = LogPosition(index: index, term: entryTerm)
            guard try checker.didCommit(position, by: id, inTerm: term) else { continue }
            commitTimes.append(now)
            try judgeQuorum(position, committedBy: place)
        }
        if narrate != nil { note("\(id) commits through \(commit)") }
        nodes[place].commitSeen = commit
        spring(.commit, place)
    }

    /// Looks at a core in its place: a getter called through the array would copy all of it first.
    private static func marks(of raft: inout RaftNode) -> (LogIndex, Term) {
        (raft.committedIndex, raft.currentTerm)
    }

    /// Whether a disk holds an entry, or did when its node confirmed it.
    ///
    /// What a damaged node confirmed may still count while it recovers: it has no vote until its log
    /// reaches the end of its leader's.
    private func has(_ position: LogPosition, _ place: Int) -> Bool {
        nodes[place].disk.holds(position) || nodes[place].disk.hardState.isRecovering
    }

    private func judgeQuorum(
        _ position: LogPosition, committedBy place: Int
    ) throws(Violation) {
        let electorate = Electorate(membership: nodes[place].log.membership)
        guard
            !electorate.isQuorum({ has(position, Int($0.rawValue) - 1) })
        else { return }
        let holders = nodes.filter { $0.disk.holds(position) }.map { "\($0.id)" }
        throw Violation(
            .quorum,
            "\(nodes[place].id) commits \(position), which only the disks of "
                + "\(holders.joined(separator: ", ")) hold")
    }

    private mutating func apply(_ entry: LogEntry, _ place: Int) throws(Violation) {
        let id = nodes[place].id
        guard entry.index == nodes[place].machine.applied.index.next else {
            throw Violation(
                .stateMachineSafety,
                "\(id) applies \(entry.position) after \(nodes[place].machine.applied)")
        }
        guard nodes[place].disk.holds(entry.position) else {
            throw Violation(
                .durability, "\(id) applies \(entry.position), which its disk does not hold")
        }
        nodes[place].machine.apply(entry)
        try checker.didApply(entry.position, by: id, digest: nodes[place].machine.digest)
        try settleWrites(entry.position, place)
    }

    // MARK: Disk

    /// In microseconds: a disk that hangs for longer is a dead one.
    private static var syncMax: Int { 2_000_000 }

    private mutating func startSync(_ place: Int) {
        let least = schedule.group.syncMin.microseconds
        let factor = nodes[place].diskFactors.reduce(1, *)
        // Mostly near the least, now and then ten times as long.
        let times = random.chance(0.1) ? 10 : 2
        let time = min(random.integer(in: least...least * times) * factor, Self.syncMax)
        nodes[place].syncing = nodes[place].unpersisted.count
        queue.add(
            .synced(place, life: nodes[place].life),
            at: now + SimulatedTime(microseconds: time))
    }

    mutating func didSync(_ place: Int, life: Int) throws(Violation) {
        guard nodes[place].life == life, nodes[place].downUntil == nil else { return }
        guard nodes[place].pausedUntil == nil else { return nodes[place].hasHeldSync = true }
        let count = nodes[place].syncing
        for _ in 0..<count {
            let ready = nodes[place].unpersisted.removeFirst()
            try nodes[place].disk.write(ready, staged: staged(by: ready, place))
            // A vote that a crash took back before it was on disk was never given.
            if let state = ready.hardState, let vote = state.vote {
                try checker.didVote(nodes[place].id, for: vote, in: state.term)
            }
            nodes[place].raft.step(.persisted(ready.number))
            for message in ready.messagesAfterPersistence { try send(message, from: place) }
            try drain(place)
        }
        nodes[place].syncing = 0
        if !nodes[place].unpersisted.isEmpty { startSync(place) }
    }

    private mutating func staged(by ready: Ready, _ place: Int) -> Registers? {
        guard let descriptor = ready.snapshot else { return nil }
        return nodes[place].staged.removeValue(forKey: descriptor)
    }

    // MARK: Sending

    mutating func send(_ message: RaftMessage, from place: Int) throws(Violation) {
        try judge(message, from: place)
        var parcel = SimulatedNetwork.Parcel(message: message, state: nil, isReported: false)
        if case .installSnapshot = message.body {
            // The driver streams what it has now, which may be newer than what was asked for.
            let state = nodes[place].machine
            guard let descriptor = nodes[place].raft.snapshotDescriptor(at: state.applied.index)
            else {
                let event = RaftEvent.snapshotFinished(to: message.to, isDelivered: false)
                return report(event, to: place)
            }
            parcel.message.body = .installSnapshot(descriptor)
            parcel.state = state
            parcel.isReported = true
        }
        if schedule.group.encodesMessages { parcel.message = try recoded(parcel.message) }
        dispatch(parcel, from: place)
    }

    private mutating func dispatch(_ parcel: SimulatedNetwork.Parcel, from place: Int) {
        tallies.messages += 1
        let weather = storms.last ?? (isRecovering ? .calm : schedule.weather)
        let to = Int(parcel.message.to.rawValue) - 1
        let delays = network.delays(from: place, to: to, weather)
        guard let first = delays.first else {
            tallies.lost += 1
            finish(parcel, isDelivered: false)
            if random.chance(0.05) { report(.unreachable(parcel.message.to), to: place) }
            return
        }
        queue.add(.arrival(network.keep(parcel)), at: now + first)
        guard let second = delays.second else { return }
        var copy = parcel
        copy.isReported = false
        queue.add(.arrival(network.keep(copy)), at: now + second)
    }

    private func recoded(_ message: RaftMessage) throws(Violation) -> RaftMessage {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        guard let copy = try? RaftMessage(decoding: bytes.span), copy == message else {
            throw Violation(.coding, "\(message) does not survive its coding")
        }
        return copy
    }

    /// Judges what a message promises about its sender's disk.
    private mutating func judge(_ message: RaftMessage, from place: Int) throws(Violation) {
        switch message.body {
        case .voteReply(let reply) where reply.isGranted && !reply.isPreVote:
            try checker.didVote(message.from, for: message.to, in: message.term)
            let promise = HardState(term: message.term, vote: message.to)
            let durable = nodes[place].disk.hardState
            guard durable == promise || durable.term > message.term else {
                throw Violation(
                    .durability,
                    "\(message.from) votes for \(message.to) in term \(message.term), and its "
                        + "disk does not know")
            }
            spring(.vote, place)
        case .appendReply(.matched(let index)):
            let last = nodes[place].disk.last
            guard last.index >= index else {
                throw Violation(
                    .durability,
                    "\(message.from) confirms entry \(index), and its disk ends at \(last)")
            }
            spring(.confirmation, place)
        case .heartbeat: spring(.round, place)
        default: break
        }
    }
}
