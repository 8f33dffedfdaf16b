// Clients of a simulated group: they ask any node that may answer, and are judged by what they see.
//
// A client and the node that it asks are at the same place, also where a partition cuts that node off: the
// worst case, since an old leader is found only by those who are cut off with it. An operation lasts
// from the moment when a node takes it in to the moment when that node would answer; the times that it would
// spend on a network would only make more histories right. A refused operation certainly had
// no effect, so asking again elsewhere begins it anew.

import Determinism
import Raft

extension Operation {
    static func read(
        _ key: RegisterKey, at aim: Target, isHandedOn: Bool = false
    ) -> Operation {
        Operation(aim: aim, key: key, isHandedOn: isHandedOn, writes: 0, padding: 0)
    }

    /// The same operation, asked for at a node that need not lead.
    func handedOn(by node: Target) -> Operation {
        Operation(aim: node, key: key, isHandedOn: true, writes: writes, padding: padding)
    }
}

/// A read that a node has taken in.
struct OpenRead {
    let key: RegisterKey
    let start: Int
}

/// An operation on its way to a node, and how often it may still be sent on.
struct Retry {
    let operation: Operation
    let place: Int
    let left: Int
}

extension Simulation {
    mutating func begin(_ operation: Operation) throws(Violation) {
        try attempt(Retry(operation: operation, place: place(of: operation.aim), left: 2))
    }

    /// Lets clients that waited for a leader ask the new one at once, whatever it may know yet.
    mutating func rush(_ place: Int) {
        for key in RegisterKey.all {
            retries.append(Retry(operation: .read(key, at: .place(place)), place: place, left: 0))
            let delay = SimulatedTime(microseconds: random.integer(in: 0...1000))
            queue.add(.retry(retries.count - 1), at: now + delay)
        }
    }

    mutating func attempt(_ retry: Retry) throws(Violation) {
        guard nodes[retry.place].isRunning else { return }
        let refusal =
            retry.operation.isRead
            ? try read(retry.operation, retry.place)
            : try write(retry.operation, retry.place)
        guard retry.left > 0, case .notLeader(let leader?) = refusal else { return }
        let next = Retry(
            operation: retry.operation, place: Int(leader.rawValue) - 1, left: retry.left - 1)
        retries.append(next)
        let hop = SimulatedTime(microseconds: random.integer(in: 100...3000))
        queue.add(.retry(retries.count - 1), at: now + hop)
    }

    // MARK: Writes

    private mutating func write(
        _ operation: Operation, _ place: Int
    ) throws(Violation) -> RaftRefusal? {
        let values = (1...UInt64(operation.writes)).map { lastValue + $0 }
        lastValue += UInt64(operation.writes)
        let commands = values.map {
            WriteCommand(key: operation.key, value: $0, padding: operation.padding).bytes
        }
        instant += 1
        for value in values { history.beginWrite(value, to: operation.key, at: instant) }
        do {
            if operation.isHandedOn {
                let ticket = try nodes[place].raft.forward(commands)
                nodes[place].handedOn[ticket] = values
            } else {
                expect(values, try nodes[place].raft.propose(commands), place)
            }
        } catch {
            for value in values { try history.refute(value) }
            return error
        }
        try drain(place)
        return nil
    }

    /// Lets writes wait for their entries.
    private mutating func expect(_ values: [UInt64], _ receipt: ProposalReceipt, _ place: Int) {
        for (value, index) in zip(values, receipt.first...receipt.last) {
            nodes[place].promised[index, default: []].append(
                SimulatedNode.Promised(term: receipt.term, write: value))
        }
    }

    /// Learns what became of writes that were handed to the leader.
    mutating func settle(_ forwarded: ForwardedProposal, _ place: Int) throws(Violation) {
        guard let values = nodes[place].handedOn.removeValue(forKey: forwarded.ticket) else {
            return
        }
        switch forwarded.outcome {
        case .appended(let receipt):
            expect(values, receipt, place)
            // What is applied already waits for nothing.
            for index in receipt.first...receipt.last
            where index <= nodes[place].machine.applied.index {
                guard let term = nodes[place].log.term(at: index) else {
                    nodes[place].promised[index] = nil
                    continue
                }
                try settleWrites(LogPosition(index: index, term: term), place)
            }
        case .refused: for value in values { try history.refute(value) }
        case .unknown: break
        }
    }

    /// Answers the writes that waited for the entry at an index: done, or certainly not.
    mutating func settleWrites(_ position: LogPosition, _ place: Int) throws(Violation) {
        guard let waiting = nodes[place].promised.removeValue(forKey: position.index) else {
            return
        }
        for promised in waiting {
            instant += 1
            if promised.term == position.term {
                try history.acknowledge(promised.write, at: instant)
            } else {
                try history.refute(promised.write)
            }
        }
    }

    // MARK: Reads

    private mutating func read(
        _ operation: Operation, _ place: Int
    ) throws(Violation) -> RaftRefusal? {
        try judgeStaleness(place)
        lastRead += 1
        instant += 1
        let id = ReadID(lastRead)
        do {
            if operation.isHandedOn {
                try nodes[place].raft.readHere(id)
            } else {
                try nodes[place].raft.read(id)
            }
        } catch {
            return error
        }
        openReads[id] = OpenRead(key: operation.key, start: instant)
        try drain(place)
        return nil
    }

    /// Answers the reads whose index the state machine has applied.
    mutating func answerReads(_ place: Int) throws(Violation) {
        let applied = nodes[place].machine.applied.index
        let waiting = nodes[place].waitingReads
        nodes[place].waitingReads = waiting.filter { $0.index > applied }
        for read in waiting where read.index <= applied {
            guard let open = openReads.removeValue(forKey: read.id) else {
                throw Violation(.linearizability, "read \(read.id) was answered twice")
            }
            instant += 1
            let value = nodes[place].machine[open.key]
            if narrate != nil { note("\(nodes[place].id) answers \(open.key) = \(value)") }
            try history.read(value, from: open.key, start: open.start, end: instant)
            if isRecovering { unreadAtEnd.remove(open.key) }
        }
    }

    /// Judges how old a replica says that its state is at most.
    ///
    /// Only where clocks keep a bound: none of them is slow then, so a tick is at most its true time.
    private func judgeStaleness(_ place: Int) throws(Violation) {
        let applied = nodes[place].machine.applied.index
        guard schedule.group.leaseDriftPercentMax != nil,
            let ticks = nodes[place].raft.staleness(applied: applied)
        else { return }
        let horizon = now.microseconds - ticks * schedule.group.tick.microseconds
        let next = Int(applied.rawValue)
        guard next < commitTimes.count, commitTimes[next].microseconds < horizon else { return }
        throw Violation(
            .staleness,
            "\(nodes[place].id) says that it lags \(ticks) ticks, and \(next + 1) was committed "
                + "\(now - commitTimes[next]) ago")
    }
}
