// Clients that wait: for their write to be applied, or for a quorum to confirm that reading is safe.

import Linux
package import Raft
package import Reactor

/// What became of a write.
package enum WriteOutcome<Reply: Sendable>: Sendable {
    case applied(Reply)
    /// It was not taken: certainly not executed.
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, while it waited: it may be executed or not.
    case unknown
}

/// A write whose outcome comes later.
@ReactorActor
package struct PendingWrite<Reply: Sendable> {
    let promise: Promise<WriteOutcome<Reply>>
    let deadline: MonotonicTime

    init(promise: Promise<WriteOutcome<Reply>>, deadline: MonotonicTime) {
        self.promise = promise
        self.deadline = deadline
    }

    fileprivate init(refused refusal: RaftRefusal) {
        promise = Promise()
        deadline = .distantFuture
        promise.fulfil(.refused(refusal))
    }

    package func outcome() async -> WriteOutcome<Reply> {
        await promise.value(deadline: deadline) ?? .unknown
    }
}

/// Whether the state may be read.
package enum ReadOutcome: Sendable, Equatable {
    /// It shows every write that was acknowledged before the question, by whomever; read at once.
    case ready
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, before a quorum confirmed it.
    case lost
}

extension ReplicaGroup {
    /// Proposes a command and waits until it is applied here.
    package func propose(_ command: [UInt8]) async -> WriteOutcome<State.Reply> {
        await begin(command).outcome()
    }

    /// Proposes a command at once: it stands in the log behind all that was proposed before.
    package func begin(_ command: [UInt8]) -> PendingWrite<State.Reply> {
        let deadline = MonotonicTime.now() + limits.answerTimeout
        guard isRunning else { return PendingWrite(refused: .notLeader(leader: nil)) }
        guard writes.count < limits.pendingWritesMax, !state.isNearlyFull else {
            return PendingWrite(refused: .overloaded)
        }
        do throws(RaftRefusal) {
            let receipt = try node.propose([command])
            let promise = writes.add(LogPosition(index: receipt.first, term: receipt.term))
            outlets.wake()
            return PendingWrite(promise: promise, deadline: deadline)
        } catch {
            return PendingWrite(refused: error)
        }
    }

    /// Waits until a read of `state` is linearizable. After `ready`, read before the next `await`.
    ///
    /// Reads that come together share one round of the quorum.
    ///
    /// With `anywhere` a follower asks its leader up to which place it must have applied, and waits
    /// for that; without, it refuses.
    package func readBarrier(anywhere: Bool = false) async -> ReadOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        let status = status
        guard anywhere || status.role == .leader else {
            return .refused(.notLeader(leader: status.leader))
        }
        guard reads.count < limits.pendingReadsMax else { return .refused(.overloaded) }
        let promise = reads.gather()
        outlets.wake()
        let outcome = await promise.value(deadline: .now() + limits.answerTimeout) ?? .lost
        guard outcome == .ready else { return outcome }
        // Between the answer and this turn a checkpoint may have taken hold of the state.
        while isRunning, !stateIsFree { _ = await stateChanged.wait() }
        return isRunning ? .ready : .lost
    }

    /// Asks for all reads that came since the last turn whether this replica still leads.
    func openReadRound() {
        guard let id = reads.askForGathered() else { return }
        do throws(RaftRefusal) {
            try node.readHere(id)
        } catch {
            reads.settle(id, .refused(error))
        }
    }

    /// How old what the state shows is at most, for reads that take a bound instead of a quorum's
    /// word; nil when no bound is known. It trusts the rate of two clocks, and the time of neither.
    package var staleness: Duration? {
        // One tick more for the time since the last was counted.
        node.staleness(applied: state.applied.index).map { tick * ($0 + 1) }
    }

    func noteReads(_ ready: Ready) {
        for read in ready.reads { reads.confirm(read.id, at: read.index) }
        for id in ready.abandonedReads { reads.settle(id, .lost) }
    }

    /// Writes that wait for their majority.
    package var pendingWriteCount: Int { writes.count }
}

/// Writes that were proposed here and are not applied yet, by their place in the log.
@ReactorActor
struct PendingWrites<Reply: Sendable> {
    private var waiting: [LogIndex: (term: Term, promise: Promise<WriteOutcome<Reply>>)] = [:]

    init() {}

    var count: Int { waiting.count }

    mutating func add(_ position: LogPosition) -> Promise<WriteOutcome<Reply>> {
        let promise = Promise<WriteOutcome<Reply>>()
        waiting[position.index] = (position.term, promise)
        return promise
    }

    /// An entry of another term at the same index means that the write was overwritten.
    mutating func complete(_ position: LogPosition, with reply: Reply?) {
        guard let (term, promise) = waiting.removeValue(forKey: position.index) else { return }
        if let reply, term == position.term {
            promise.fulfil(.applied(reply))
        } else {
            promise.fulfil(.refused(.notLeader(leader: nil)))
        }
    }

    /// Tells all who wait that nobody knows.
    mutating func loseAll() {
        for (_, promise) in waiting.values { promise.fulfil(.unknown) }
        waiting.removeAll()
    }
}

/// Reads on their way: gathered in this turn, asked about, confirmed and waiting for the state.
@ReactorActor
struct PendingReads {
    private typealias Read = Promise<ReadOutcome>

    private var lastID: UInt64 = 0
    private var gathered: [Read] = []
    private var asked: [ReadID: [Read]] = [:]
    private var confirmed: [(index: LogIndex, reads: [Read])] = []

    init() {}

    /// Reads that nobody has told yet whether they may go on.
    var count: Int {
        gathered.count + asked.values.reduce(0) { $0 + $1.count }
            + confirmed.reduce(0) { $0 + $1.reads.count }
    }

    mutating func gather() -> Promise<ReadOutcome> {
        let promise = Promise<ReadOutcome>()
        gathered.append(promise)
        return promise
    }

    /// One ID for everything gathered; nil when nothing is.
    mutating func askForGathered() -> ReadID? {
        if gathered.isEmpty { return nil }
        lastID += 1
        asked[ReadID(lastID)] = gathered
        gathered = []
        return ReadID(lastID)
    }

    mutating func confirm(_ id: ReadID, at index: LogIndex) {
        guard let reads = asked.removeValue(forKey: id) else { return }
        confirmed.append((index, reads))
    }

    /// Gives up the reads of one question.
    mutating func settle(_ id: ReadID, _ outcome: ReadOutcome) {
        for read in asked.removeValue(forKey: id) ?? [] { read.fulfil(outcome) }
    }

    /// Lets the confirmed reads go whose index is applied.
    mutating func answer(applied: LogIndex) {
        guard !confirmed.isEmpty else { return }
        for (index, reads) in confirmed where index <= applied {
            for read in reads { read.fulfil(.ready) }
        }
        confirmed.removeAll { $0.index <= applied }
    }

    mutating func loseAll() {
        for read in gathered + asked.values.joined() + confirmed.flatMap(\.reads) {
            read.fulfil(.lost)
        }
        gathered = []
        asked = [:]
        confirmed = []
    }
}
