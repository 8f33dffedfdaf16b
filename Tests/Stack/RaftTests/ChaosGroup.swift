// A group whose members change while messages are lost, repeated and reordered, nodes crash, and disks
// lose entries that were confirmed: small, for what the core alone can get wrong. The large simulation,
// with time, shrinking and clients, is RaftSimulator.

import Testing

@testable import Raft

struct ChaosGroup {
    /// What was broken, with the step at which it was seen.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private var noise: Noise
    private var replicas: [NodeID: Replica] = [:]
    private var pool: [RaftMessage] = []
    /// What any node ever applied at an index.
    private var committed: [LogIndex: LogEntry] = [:]
    private var committedMax = LogIndex.zero
    private var leaders: [Term: NodeID] = [:]
    /// What was committed when a read came in.
    private var asked: [ReadID: LogIndex] = [:]
    private var lives: UInt64 = 0
    private var step = 0
    private let ids = (1...5).map { NodeID($0) }
    private(set) var changeCount = 0
    private(set) var damageCount = 0
    private(set) var readCount = 0
    /// Of a thousand steps, those from here to 800 let a clock tick; in the ones before messages arrive.
    private let ticksFrom: Int
    /// Whether a hole in a log is concealed from the core, which has to break the group.
    var concealsDamage = false

    init(seed: UInt64) throws {
        noise = Noise(seed: seed)
        ticksFrom = 600 + noise.number(below: 180)
        for id in ids { try start(id, from: Disk()) }
    }

    private mutating func start(_ id: NodeID, from disk: Disk) throws {
        lives += 1
        var configuration = RaftConfiguration.node(
            id.rawValue, of: 3, isJoining: id.rawValue > 3)
        configuration.life = lives
        configuration.heartbeatTicks = 2
        configuration.appendsInFlightMax = 3
        configuration.appendBytesMax = 150
        replicas[id] = try Replica(configuration, disk: disk)
    }

    // MARK: A step

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            step += 1
            let id = noise.pick(ids)
            switch noise.number(below: 1000) {
            case 0..<ticksFrom: try deliver()
            case ticksFrom..<800: try update(id) { $0.step(.tick(count: 1)) }
            case 800..<930: repeat { try persist(id) } while noise.chance(perMille: 900)
            case 930..<950: try update(someLeader ?? id) { _ = try? $0.propose("x") }
            case 950..<970: try change(at: someLeader ?? id)
            case 970..<985: try read(at: id)
            case 985..<990: try crash(id)
            case 990..<994: try compact(id)
            case 994..<996: try damage(id)
            default: try transfer(from: id)
            }
        }
    }

    /// One that leads, or thinks so.
    private var someLeader: NodeID? { ids.first { replicas[$0]?.isLeader == true } }

    private mutating func update(
        _ id: NodeID, _ change: (inout Replica) throws -> Void
    ) throws {
        guard var replica = replicas.removeValue(forKey: id) else { return }
        defer { replicas[id] = replica }
        try change(&replica)
        for ready in replica.takeReadies() {
            pool += ready.messages
            try judge(ready, of: id)
        }
    }

    private mutating func persist(_ id: NodeID) throws {
        var leaving: [RaftMessage] = []
        try update(id) { leaving = $0.persistOne() }
        pool += leaving
    }

    private mutating func deliver(inOrder: Bool = false) throws {
        guard !pool.isEmpty else { return }
        let place = inOrder ? 0 : noise.number(below: min(pool.count, 12))
        let message = pool[place]
        if inOrder || !noise.chance(perMille: 100) { pool.remove(at: place) }
        let isLost = !inOrder && noise.chance(perMille: 100)
        if !isLost { try update(message.to) { $0.step(.message(message)) } }
        try finishSnapshot(message, isDelivered: !isLost)
        while pool.count > 300 { try finishSnapshot(pool.removeFirst(), isDelivered: false) }
    }

    /// Tells the sender of a snapshot what became of it, as a driver does; others are told nothing.
    private mutating func finishSnapshot(_ message: RaftMessage, isDelivered: Bool) throws {
        guard case .installSnapshot = message.body else { return }
        try update(message.from) {
            $0.step(.snapshotFinished(to: message.to, isDelivered: isDelivered))
        }
    }

    // MARK: Judging

    private mutating func judge(_ ready: Ready, of id: NodeID) throws {
        if let change = ready.change, change.role == .leader {
            guard leaders[change.term] ?? id == id else {
                throw Broken(description: "two leaders in term \(change.term), step \(step)")
            }
            leaders[change.term] = id
        }
        for entry in ready.committed {
            if let known = committed[entry.index], known != entry {
                throw Broken(description: "\(known.position) and \(entry.position), step \(step)")
            }
            committed[entry.index] = entry
            committedMax = max(committedMax, entry.index)
        }
        for read in ready.reads {
            guard let bound = asked.removeValue(forKey: read.id) else { continue }
            readCount += 1
            guard read.index >= bound else {
                throw Broken(description: "a stale read at \(id), step \(step)")
            }
        }
    }

    // MARK: What happens to a node

    private mutating func change(at id: NodeID) throws {
        guard let membership = replicas[id]?.status.membership else { return }
        let node = noise.pick(ids)
        let voters = Set(ids.filter { _ in noise.chance(perMille: 650) })
        let change = noise.pick([
            .addLearner(node), .promote(node), .promote(node), .demote(node), .remove(node),
            MembershipChange.replace(voters: voters, learners: Set(ids).subtracting(voters)),
        ])
        // Of fewer than three, one with a hole in its log could stop the rest.
        guard let target = try? change.target(from: membership), target.voters.count >= 3 else {
            return
        }
        var isTaken = false
        try update(id) { isTaken = (try? $0.node.propose(change)) != nil }
        if isTaken { changeCount += 1 }
    }

    private mutating func read(at id: NodeID) throws {
        let read = ReadID(UInt64(step))
        asked[read] = committedMax
        try update(id) { try? $0.node.readHere(read) }
    }

    private mutating func transfer(from id: NodeID) throws {
        let target = noise.pick(ids)
        try update(id) { $0.step(.transferLeadership(to: target)) }
    }

    private mutating func crash(_ id: NodeID) throws {
        guard let disk = replicas[id]?.disk else { return }
        try start(id, from: disk)
        try update(id) { _ in }
    }

    private mutating func compact(_ id: NodeID) throws {
        try update(id) { replica in
            let index = replica.status.handedOut
            guard index > replica.status.compacted,
                let descriptor = replica.node.snapshotDescriptor(at: index)
            else { return }
            replica.disk.applied = max(replica.disk.applied, index)
            guard replica.disk.applied == index else { return }
            replica.disk.compact(to: descriptor)
            replica.step(.compact(through: index))
        }
    }

    /// Takes entries off the end of a log that were confirmed; no second node at the same time.
    private mutating func damage(_ id: NodeID) throws {
        guard let replica = replicas[id], replica.disk.entries.count > 2,
            !replicas.values.contains(where: { $0.disk.hardState.isRecovering })
        else { return }
        var disk = replica.disk
        disk.entries.removeLast(1 + noise.number(below: disk.entries.count - 1))
        guard disk.last.index >= disk.applied else { return }
        disk.hardState.isRecovering = !concealsDamage
        damageCount += 1
        try start(id, from: disk)
        try update(id) { _ in }
    }

    // MARK: The end

    /// Lets everything arrive, and tells whether the members agree in the end.
    mutating func settles() throws -> Bool {
        for _ in 0..<600 {
            for id in ids {
                try update(id) { $0.step(.tick(count: 1)) }
                while replicas[id]?.unpersisted.isEmpty == false { try persist(id) }
            }
            for _ in 0..<min(pool.count, 60) {
                guard let receiver = pool.first?.to else { break }
                try deliver(inOrder: true)
                while replicas[receiver]?.unpersisted.isEmpty == false { try persist(receiver) }
            }
            if agrees() { return true }
        }
        return false
    }

    private func agrees() -> Bool {
        guard let leader = replicas.values.first(where: \.isLeader)?.status,
            leader.commit == leader.last.index, leader.isMembershipCommitted,
            !leader.membership.isJoint
        else { return false }
        return leader.membership.members.allSatisfy {
            let status = replicas[$0]?.status
            return status?.handedOut == leader.commit && status?.isRecovering == false
        }
    }
}
