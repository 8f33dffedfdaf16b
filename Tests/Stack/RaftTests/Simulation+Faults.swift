// What breaks in a simulation: crashes, torn writes, partitions, pauses; and what drivers do in passing.

@testable import Raft

extension Simulation {
    mutating func breakSomething() throws {
        let victim = ids[dice.number(in: 0..<ids.count)]
        switch dice.number(in: 0..<100) {
        case 0..<3: try crash(victim)
        case 3..<8: if let revived = down.min() { try restart(revived) }
        case 8..<10: split(around: victim)
        case 10..<14: network.heal()
        case 14..<18: try compact(victim)
        case 18..<20:
            guard isRunning(victim) else { return }
            let target = ids[dice.number(in: 0..<ids.count)]
            try update(victim) { $0.step(.transferLeadership(to: target)) }
        case 20..<22:
            guard isRunning(victim) else { return }
            paused[victim] = now + dice.number(in: 1..<50)
        default: break
        }
    }

    private mutating func crash(_ id: NodeID) throws {
        guard down.insert(id).inserted, var replica = replicas[id] else { return }
        // Some of the writes under way were finished, and the next one perhaps in part.
        let finished = dice.number(in: 0..<(replica.unpersisted.count + 1))
        for (place, ready) in replica.unpersisted.enumerated() where place <= finished {
            replica.disk.write(ready, partsMax: place < finished ? .max : dice.number(in: 0..<4))
        }
        replicas[id] = replica
    }

    mutating func restart(_ id: NodeID) throws {
        down.remove(id)
        commitSeen[id] = nil
        try update(id) { try $0.crash() }
    }

    /// Lets paused nodes go on: a client is there at once, the news wait in the sockets.
    mutating func resume() throws {
        for (id, end) in paused.sorted(by: { $0.key < $1.key }) where end <= now {
            paused[id] = nil
            guard !down.contains(id) else { continue }
            try read(at: id)
            if dice.chance(50) { try update(id) { $0.step(.tick(count: 15)) } }
        }
    }

    private mutating func split(around victim: NodeID) {
        var side: Set = [victim]
        if ids.count > 3, dice.chance(50) { side.insert(ids[dice.number(in: 0..<ids.count)]) }
        let others = Set(ids).subtracting(side)
        network.split(side, from: others, isOneWay: dice.chance(30))
    }

    /// Makes the state machine of a node durable, and drops most of the log that it covers.
    private mutating func compact(_ id: NodeID) throws {
        guard !down.contains(id), var replica = replicas[id] else { return }
        replica.disk.applied = min(replica.node.log.handedOut, replica.disk.last.index)
        let keep = UInt64(dice.number(in: 0..<6))
        let target = LogIndex(
            replica.disk.applied.rawValue - min(keep, replica.disk.applied.rawValue))
        let descriptor = replica.node.snapshotDescriptor(at: target)
        // A disk that does not have the snapshot yet which the node is installing stays as it is.
        if let descriptor, replica.unpersisted.allSatisfy({ $0.snapshot == nil }),
            target > replica.disk.snapshot?.index ?? .zero
        {
            replica.disk.compact(to: descriptor)
            replica.step(.compact(through: target))
        }
        replicas[id] = replica
        try update(id) { _ in }
    }
}
