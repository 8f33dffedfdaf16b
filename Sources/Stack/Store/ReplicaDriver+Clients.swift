// Clients that wait: for their write to be applied, or for a quorum to confirm that reading is safe.

import Linux
import Raft
import Reactor

/// What became of a write.
enum WriteOutcome: Sendable {
    case applied(StoreReply)
    /// It was not taken: certainly not executed.
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, while it waited: it may be executed or not.
    case unknown
}

/// What became of a read's question whether this replica still leads.
enum ReadOutcome: Sendable {
    /// The state holds everything that was acknowledged before the question was put.
    case confirmed
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out.
    case lost
}

extension ReplicaDriver {
    /// Proposes a command and waits until it is applied here.
    func write(_ command: [UInt8]) async -> WriteOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        guard writes.count < limits.pendingWritesMax else { return .refused(.overloaded) }
        let promise: Promise<WriteOutcome>
        do throws(RaftRefusal) {
            let receipt = try node.propose([command])
            promise = writes.add(LogPosition(index: receipt.first, term: receipt.term))
        } catch {
            return .refused(error)
        }
        schedule()
        return await promise.value(deadline: .now() + limits.answerTimeout) ?? .unknown
    }

    /// An ID for a command that has none of its own: each try of it counts as another request.
    func anonymousRequest() -> RequestID {
        anonymousCount += 1
        return RequestID(client: anonymousClient, sequence: anonymousCount)
    }

    /// Waits until the state may be read as of now. Reads that come together share one round.
    func confirmRead() async -> ReadOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        let promise = reads.join()
        schedule()
        return await promise.value(deadline: .now() + limits.answerTimeout) ?? .lost
    }

    /// Puts the question for all reads that came since the last turn.
    func openReadRound() {
        guard let (id, promise) = reads.takeGathered() else { return }
        do throws(RaftRefusal) {
            try node.read(id)
            reads.await(id, promise)
        } catch {
            promise.fulfil(.refused(error))
        }
    }

    func settleReads(_ ready: Ready) {
        for read in ready.reads { reads.confirm(read.id, at: read.index) }
        for id in ready.abandonedReads { reads.lose(id) }
        reads.release(through: state.applied.index)
    }
}

/// Writes that were proposed here and are not applied yet, by their place in the log.
@ReactorActor
struct PendingWrites {
    private var waiting: [LogIndex: (term: Term, promise: Promise<WriteOutcome>)] = [:]

    init() {}

    var count: Int { waiting.count }

    mutating func add(_ position: LogPosition) -> Promise<WriteOutcome> {
        let promise = Promise<WriteOutcome>()
        waiting[position.index] = (position.term, promise)
        return promise
    }

    /// An entry of another term at the same index means that the write was overwritten.
    mutating func complete(_ position: LogPosition, with reply: StoreReply) {
        guard let (term, promise) = waiting.removeValue(forKey: position.index) else { return }
        promise.fulfil(
            term == position.term ? .applied(reply) : .refused(.notLeader(leader: nil)))
    }

    /// Tells all who wait that nobody knows.
    mutating func loseAll() {
        for (_, promise) in waiting.values { promise.fulfil(.unknown) }
        waiting.removeAll()
    }
}

/// Reads on their way: gathered in this turn, asked, confirmed and waiting for the state to catch up.
@ReactorActor
struct PendingReads {
    typealias Answer = Promise<ReadOutcome>

    private var lastID: UInt64 = 0
    private var gathered: Answer?
    private var asked: [ReadID: Answer] = [:]
    private var confirmed: [(index: LogIndex, answer: Answer)] = []

    init() {}

    mutating func join() -> Answer {
        if let gathered { return gathered }
        let answer = Answer()
        gathered = answer
        return answer
    }

    mutating func takeGathered() -> (ReadID, Answer)? {
        guard let answer = gathered else { return nil }
        gathered = nil
        lastID += 1
        return (ReadID(lastID), answer)
    }

    mutating func await(_ id: ReadID, _ answer: Answer) { asked[id] = answer }

    mutating func confirm(_ id: ReadID, at index: LogIndex) {
        guard let answer = asked.removeValue(forKey: id) else { return }
        confirmed.append((index, answer))
    }

    mutating func lose(_ id: ReadID) { asked.removeValue(forKey: id)?.fulfil(.lost) }

    /// Answers those whose index is applied.
    mutating func release(through applied: LogIndex) {
        guard !confirmed.isEmpty else { return }
        for read in confirmed where read.index <= applied { read.answer.fulfil(.confirmed) }
        confirmed.removeAll { $0.index <= applied }
    }

    mutating func loseAll() {
        let all = [gathered].compactMap(\.self) + asked.values + confirmed.map(\.answer)
        for answer in all { answer.fulfil(.lost) }
        self = PendingReads()
    }
}
