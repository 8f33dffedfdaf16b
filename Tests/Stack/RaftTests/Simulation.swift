// A whole group under chaos, from one seed: the same seed gives the same run, step for step.
//
// Each unit of time, nodes tick (not all of them: clocks differ), messages arrive, disks finish writes,
// clients propose and read, and now and then something breaks: a crash that loses or tears what was not
// yet on disk, a partition, a compaction, a transfer. At the end all heals, and the group has to
// come back: a leader, the same log everywhere, every acknowledged entry in it.

import Testing

@testable import Raft

struct Simulation {
    struct Plan {
        var seed: UInt64
        var commitRule = CommitRule.majority
        var duration = 180
    }

    let plan: Plan
    var dice: Dice
    var network = SimulatedNetwork()
    var replicas: [NodeID: Replica] = [:]
    var down: Set<NodeID> = []
    /// Nodes whose process stands still, until when.
    var paused: [NodeID: Int] = [:]
    private(set) var checker = SafetyChecker()
    var now = 0
    var commitSeen: [NodeID: LogIndex] = [:]
    private var promised: [LogPosition: NodeID] = [:]
    private var nextCommand: UInt64 = 0
    let ids: [NodeID]

    init(_ plan: Plan) throws {
        self.plan = plan
        dice = Dice(seed: plan.seed)
        let size: UInt64 = dice.chance(30) ? 5 : 3
        ids = group(of: size).voters
        for id in ids {
            var configuration = RaftConfiguration.node(id.rawValue, of: size)
            configuration.seed = dice.next()
            configuration.heartbeatTicks = 2
            configuration.commitRule = plan.commitRule
            configuration.appendBytesMax = 200
            configuration.appendsInFlightMax = 3
            configuration.committedBytesMax = 300
            replicas[id] = try Replica(configuration)
        }
        network.weather = SimulatedNetwork.Weather(
            lossPercent: dice.number(in: 0..<20), duplicatePercent: dice.number(in: 0..<20),
            delayMax: dice.number(in: 1..<5), stragglerPercent: dice.number(in: 0..<4))
    }

    /// Runs the chaos and the recovery; throws the first promise that is broken.
    mutating func run() throws {
        while now < plan.duration {
            try pass()
            try resume()
            try serveClients()
            try breakSomething()
        }
        try recover()
    }

    /// Lets one unit of time go by.
    private mutating func pass() throws {
        now += 1
        for message in try network.arrivals(at: now, dice: &dice) {
            if let end = paused[message.to] {
                network.hold(message, until: end + 1)
                continue
            }
            let isDelivered = !down.contains(message.to)
            if isDelivered { try update(message.to) { $0.step(.message(message)) } }
            try finishSnapshot(message, isDelivered: isDelivered)
        }
        for id in ids where isRunning(id) {
            if dice.chance(90) { try update(id) { $0.step(.tick(count: 1)) } }
            if dice.chance(60) { try persist(id) }
        }
    }

    func isRunning(_ id: NodeID) -> Bool { !down.contains(id) && paused[id] == nil }

    // MARK: One node

    /// Changes a node, judges what it makes ready, and sends what may go.
    mutating func update(_ id: NodeID, _ change: (inout Replica) throws -> Void) throws {
        guard var replica = replicas.removeValue(forKey: id) else { return }
        try change(&replica)
        let readies = replica.takeReadies()
        replicas[id] = replica
        for ready in readies { try judge(ready, of: replica) }
        try judgeCommit(of: replica)
        for ready in readies { try send(ready.messages) }
    }

    private mutating func persist(_ id: NodeID) throws {
        while let replica = replicas[id], !replica.unpersisted.isEmpty {
            var waiting: [RaftMessage] = []
            try update(id) { waiting = $0.persistOne() }
            try send(waiting)
            if dice.chance(30) { return }
        }
    }

    private mutating func send(_ messages: [RaftMessage]) throws {
        for message in messages {
            guard !network.send(message, at: now, dice: &dice) else { continue }
            try finishSnapshot(message, isDelivered: false)
        }
    }

    /// Tells the sender of a snapshot what became of it, as a driver does; others are told nothing.
    private mutating func finishSnapshot(_ message: RaftMessage, isDelivered: Bool) throws {
        guard case .installSnapshot = message.body, !down.contains(message.from) else { return }
        try update(message.from) {
            $0.step(.snapshotFinished(to: message.to, isDelivered: isDelivered))
        }
    }

    // MARK: Judging

    private mutating func judge(_ ready: Ready, of replica: Replica) throws {
        if let change = ready.change, change.role == .leader {
            try checker.didLead(replica.id, term: change.term, log: replica.node.log)
        }
        var previous: Term?
        for entry in ready.entries {
            let before = previous ?? replica.node.log.term(at: entry.index.previous)
            if let before { try checker.didWrite(entry, previousTerm: before) }
            previous = entry.term
        }
        for entry in ready.committed {
            try checker.didCommit(entry.position, inTerm: replica.node.term)
            if promised.removeValue(forKey: entry.position) == replica.id {
                checker.didAcknowledge(entry.position)
            }
        }
        for read in ready.reads { try checker.didAnswer(read) }
    }

    private mutating func judgeCommit(of replica: Replica) throws {
        let log = replica.node.log
        let seen = max(commitSeen[replica.id] ?? .zero, log.base.index)
        guard seen < log.commit else { return }
        for index in seen.next...log.commit {
            guard let term = log.term(at: index) else { continue }
            try checker.didCommit(
                LogPosition(index: index, term: term), inTerm: replica.node.term)
        }
        commitSeen[replica.id] = log.commit
    }

    // MARK: Clients

    private mutating func serveClients() throws {
        for id in ids where replicas[id]?.isLeader == true && isRunning(id) {
            if dice.chance(50) { try propose(at: id) }
            if dice.chance(30) { try read(at: id) }
        }
    }

    mutating func read(at id: NodeID) throws {
        let read = ReadID(nextCommand)
        nextCommand += 1
        checker.didAskRead(read)
        try update(id) { try? $0.node.read(read) }
    }

    private mutating func propose(at id: NodeID) throws {
        let commands = (0..<dice.number(in: 1..<4)).map { offset in
            withCommandNumber(nextCommand + UInt64(offset))
        }
        nextCommand += 4
        var receipt: ProposalReceipt?
        try update(id) { receipt = try? $0.node.propose(commands) }
        guard let receipt else { return }
        for index in receipt.first...receipt.last {
            promised[LogPosition(index: index, term: receipt.term)] = id
        }
    }

    private func withCommandNumber(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendVarint(number)
        return bytes
    }

    // MARK: Recovery

    private mutating func recover() throws {
        network.heal()
        network.weather = SimulatedNetwork.Weather()
        for id in paused.keys { paused[id] = now }
        try resume()
        for id in down.sorted() { try restart(id) }
        let deadline = now + 400
        var marker: ProposalReceipt?
        while now < deadline {
            try pass()
            if let receipt = marker, try isSettled(receipt) { return }
            if let leader = ids.first(where: { replicas[$0]?.isLeader == true }),
                marker.map({ $0.term != replicas[leader]?.node.term }) ?? true
            {
                let command = withCommandNumber(nextCommand)
                nextCommand += 1
                try update(leader) { marker = try? $0.node.propose([command]) }
            }
        }
        throw Violation(promise: .progress, detail: "no agreement \(now) ticks after the start")
    }

    /// Whether all nodes have the marker and everything before it, with nothing acknowledged missing.
    private func isSettled(_ marker: ProposalReceipt) throws -> Bool {
        for id in ids {
            guard let replica = replicas[id] else { return false }
            let log = replica.node.log
            guard log.handedOut >= marker.last, log.term(at: marker.last) == marker.term else {
                return false
            }
            for position in checker.acknowledged.values where position.index > log.base.index {
                guard log.term(at: position.index) != position.term else { continue }
                throw Violation(
                    promise: .acknowledgedEntriesStay, detail: "\(id) came back without \(position)"
                )
            }
        }
        return true
    }
}
