// A whole group in one thread under a schedule of faults: the same schedule gives the same run.
//
// Time is simulated and jumps from one happening to the next. The cores run as they are; what is replaced is
// what surrounds them: clocks, disks, links, the driver's loop, and clients. After each step of
// any node all promises are judged by what that step newly did. When the schedule ends all faults end too, and
// the group has to come back: one leader, the same state everywhere, and every answer explained.

import Determinism
package import Raft

package struct Simulation {
    package let schedule: Schedule
    /// For what happens between the schedule's events; nodes and links have streams of their own.
    var random: SeededRandom
    var queue = EventQueue<Happening>()
    package private(set) var now = SimulatedTime.zero
    var nodes: [SimulatedNode] = []
    var network: SimulatedNetwork
    var checker: SafetyChecker
    var tallies = Tallies()

    // Faults under way.
    var storms: [Weather] = []
    var effects: [Effect?] = []
    var ambushes: [Ambush] = []
    var sprung: [(ambush: Ambush, place: Int)] = []

    // Clients. An instant counts what they ask and are told, so that no two are the same.
    var history = RegisterHistory()
    var instant = 0
    /// When each entry was first called committed.
    var commitTimes: [SimulatedTime] = []
    var lastValue: UInt64 = 0
    var lastRead: UInt64 = 0
    var openReads: [ReadID: OpenRead] = [:]
    var retries: [Retry] = []

    var reports: [Report] = []

    var isRecovering = false
    /// Set once the faults are over: registers that are still to be read for the last time.
    var unreadAtEnd: Set<RegisterKey> = []

    /// Changes with everything that happens: two runs with the same digest did the same.
    private var digest: UInt64 = 0
    /// Is told what happens in words, for a person to follow; nil: nobody listens.
    var narrate: ((SimulatedTime, String) -> Void)?

    enum Happening {
        case scheduled(Int)
        case tick(Int)
        case arrival(Int)
        case synced(Int, life: Int)
        case restart(Int)
        case resume(Int)
        case effectEnds(Int)
        case ambushStrikes(Int)
        case retry(Int)
        case report(Int)
    }

    /// What a driver learns about a link, in the life of the node that it is meant for.
    struct Report {
        let event: RaftEvent
        let place: Int
        let life: Int
    }

    /// What lasts after a fault has struck, to be undone at its end.
    enum Effect {
        case cut([(from: Int, to: Int)])
        case storm
        case clock(place: Int, percent: Int)
        case slowDisk(place: Int, times: Int)
    }

    package init(
        _ schedule: Schedule, bug: PlantedBug? = nil,
        narrate: ((SimulatedTime, String) -> Void)? = nil
    ) {
        self.schedule = schedule
        self.narrate = narrate
        random = SeededRandom(seed: schedule.seed).fork("run")
        let size = schedule.group.voters + schedule.group.spares
        network = SimulatedNetwork(size: size, random: random)
        let ids = (1...UInt64(size)).map { NodeID($0) }
        let initial = Membership(voters: Array(ids.prefix(schedule.group.voters)))
        checker = SafetyChecker(initial: initial)
        for id in ids {
            let isSpare = Int(id.rawValue) > schedule.group.voters
            let configuration = schedule.group.configuration(
                of: id, membership: isSpare ? .joining : initial, seed: random.next(), bug: bug)
            // A node that was never started has nothing on disk that could be refused.
            guard let node = try? SimulatedNode(configuration) else { continue }
            nodes.append(node)
        }
        for place in nodes.indices {
            let phase = random.integer(in: 0..<schedule.group.tick.microseconds)
            queue.add(.tick(place), at: SimulatedTime(microseconds: phase))
        }
        for (place, event) in schedule.events.enumerated() {
            queue.add(.scheduled(place), at: event.time)
        }
    }

    /// Runs the schedule and the recovery, until the first broken promise.
    package mutating func run() -> Outcome {
        var violation: Violation?
        do throws(Violation) {
            try run(until: schedule.duration)
            try recover()
        } catch {
            violation = error
        }
        tallies.elections = checker.elections
        tallies.commits = checker.commits
        tallies.configurations = checker.changes
        tallies.jointConfigurations = checker.jointChanges
        tallies.reads = history.reads
        tallies.acknowledgements = history.acknowledgements
        return Outcome(violation: violation, time: now, tallies: tallies, digest: digest)
    }

    mutating func run(until limit: SimulatedTime) throws(Violation) {
        while let (time, happening) = queue.next(until: limit) {
            now = time
            digest = (digest ^ UInt64(time.microseconds)) &* 0x0000_0100_0000_01B3
            try perform(happening)
        }
        now = limit
    }

    private mutating func perform(_ happening: Happening) throws(Violation) {
        tallies.steps += 1
        switch happening {
        case .scheduled(let place): try perform(schedule.events[place].action)
        case .tick(let place): try tick(place)
        case .arrival(let parcel): try arrive(parcel)
        case .synced(let place, let life): try didSync(place, life: life)
        case .restart(let place): try restart(place)
        case .resume(let place): try resume(place)
        case .effectEnds(let effect): end(effect)
        case .ambushStrikes(let place): try strike(sprung[place].ambush, at: sprung[place].place)
        case .retry(let place): try attempt(retries[place])
        case .report(let place): try hear(reports[place])
        }
    }

    private mutating func perform(_ action: Schedule.Action) throws(Violation) {
        if narrate != nil { note("\(action)") }
        switch action {
        case .operation(let operation): try begin(operation)
        case .fault(let fault, let span): try strike(fault, for: span)
        case .ambush(let ambush): ambushes.append(ambush)
        case .chore(let chore): try perform(chore)
        }
    }

    /// Call it only where `narrate` is set: the text is built for nothing otherwise.
    func note(_ text: String) { narrate?(now, text) }

    /// Where a target is at this moment.
    func place(of target: Target) -> Int {
        switch target {
        case .place(let place): return place % nodes.count
        case .leader: return leaderPlace() ?? 0
        case .oldestLeader:
            return nodes.indices.filter { nodes[$0].isRunning && nodes[$0].leads != nil }
                .min { term(ledBy: $0) < term(ledBy: $1) } ?? 0
        case .afterLeader(let count): return ((leaderPlace() ?? 0) + count) % nodes.count
        }
    }

    func leaderPlace() -> Int? {
        nodes.indices.filter { nodes[$0].isRunning && nodes[$0].leads != nil }
            .max { term(ledBy: $0) < term(ledBy: $1) }
    }

    private func term(ledBy place: Int) -> Term { nodes[place].leads ?? .zero }
}

extension GroupShape {
    func configuration(
        of id: NodeID, membership: Membership, seed: UInt64, bug: PlantedBug?
    ) -> RaftConfiguration {
        var configuration = RaftConfiguration(
            id: id, membership: membership, seed: seed)
        configuration.electionTicks = electionTimeout.microseconds / tick.microseconds
        configuration.heartbeatTicks = max(1, heartbeat.microseconds / tick.microseconds)
        configuration.appendBytesMax = appendBytesMax
        configuration.appendsInFlightMax = appendsInFlightMax
        configuration.committedBytesMax = committedBytesMax
        if let leaseDriftPercentMax {
            configuration.readRule = .lease(driftPercentMax: leaseDriftPercentMax)
        }
        configuration.life = seed | 1
        configuration.plantedBug = bug
        return configuration
    }
}
