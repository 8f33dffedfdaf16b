// The end of a run: all faults are over, and the group has to come back.
//
// Safety alone is kept by a group that does nothing. So a run also has to end well: within a bounded time
// there is a leader, a new write is committed, every node has applied it and has the same state, and
// every register can be read.

import Raft

extension Simulation {
    /// A hundred election timeouts: far more than any unlucky row of split votes takes.
    private static var patience: SimulatedTime { .seconds(30) }

    mutating func recover() throws(Violation) {
        if narrate != nil { note("all faults end") }
        try mendAll()
        unreadAtEnd = Set(RegisterKey.all)
        let deadline = now + Self.patience
        var marker: (position: LogPosition, term: Term)?
        while now < deadline {
            try run(until: now + .milliseconds(50))
            if let marker, isSettled(marker.position), unreadAtEnd.isEmpty { return }
            guard let leader = leaderPlace() else { continue }
            let term = nodes[leader].raft.currentTerm
            if marker?.term != term {
                try attempt(Retry(operation: .mark, place: leader, left: 0))
                marker = (nodes[leader].log.last, term)
            }
            for key in unreadAtEnd.sorted(by: { $0.rawValue < $1.rawValue }) {
                try attempt(Retry(operation: .read(key, at: .leader), place: leader, left: 0))
            }
        }
        throw Violation(.progress, "no agreement \(Self.patience) after the last fault")
    }

    private mutating func mendAll() throws(Violation) {
        isRecovering = true
        ambushes = []
        storms = []
        network.heal()
        for effect in effects.indices { effects[effect] = nil }
        for place in nodes.indices {
            nodes[place].clockRates = []
            nodes[place].diskFactors = []
            if nodes[place].pausedUntil != nil {
                nodes[place].pausedUntil = now
                try resume(place)
            }
            if nodes[place].downUntil != nil {
                nodes[place].downUntil = now
                try restart(place)
            }
        }
    }

    /// Whether all members have the marker, and the same state; others need not know anything.
    private func isSettled(_ marker: LogPosition) -> Bool {
        guard let leader = leaderPlace() else { return false }
        let membership = nodes[leader].log.membership
        let members = membership.members.map { nodes[Int($0.rawValue) - 1] }
        let states = Set(members.map(\.machine.digest))
        return states.count == 1 && !membership.isJoint
            && members.allSatisfy { node in
                node.machine.applied.index >= marker.index
                    && (node.log.term(at: marker.index) ?? marker.term) == marker.term
            }
    }
}

extension Operation {
    /// A write that shows that the group takes writes again.
    static var mark: Operation {
        Operation(aim: .leader, key: RegisterKey(0), isHandedOn: false, writes: 1, padding: 0)
    }
}
