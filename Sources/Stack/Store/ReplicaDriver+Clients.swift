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

/// What a client wants to see.
enum StoreQuery: Sendable {
    case values(of: [[UInt8]])
    /// The highest keys first.
    case range(prefix: [UInt8], limit: Int)
}

/// What became of a read.
enum ReadOutcome: Sendable {
    /// One value, or none, for each key asked for.
    case values([[UInt8]?])
    case range([KeyValue])
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, before a quorum confirmed it.
    case lost
    case failed(StateError)
}

extension ReplicaDriver {
    /// Proposes a command and waits until it is applied here.
    func write(_ command: [UInt8]) async -> WriteOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        guard writes.count < limits.pendingWritesMax, !isNearlyFull else {
            return .refused(.overloaded)
        }
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

    /// Reads what every acknowledged write up to now has left. Reads that come together share one
    /// round of the quorum.
    func read(_ query: StoreQuery) async -> ReadOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        let promise = reads.gather(query)
        schedule()
        return await promise.value(deadline: .now() + limits.answerTimeout) ?? .lost
    }

    /// Asks for all reads that came since the last turn whether this replica still leads.
    func openReadRound() {
        guard let id = reads.askForGathered() else { return }
        do throws(RaftRefusal) {
            try node.read(id)
        } catch {
            reads.settle(id, .refused(error))
        }
    }

    func noteReads(_ ready: Ready) {
        for read in ready.reads { reads.confirm(read.id, at: read.index) }
        for id in ready.abandonedReads { reads.settle(id, .lost) }
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
    mutating func complete(_ position: LogPosition, with reply: StoreReply?) {
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
    private struct Read {
        let query: StoreQuery
        let promise: Promise<ReadOutcome>
    }

    private var lastID: UInt64 = 0
    private var gathered: [Read] = []
    private var asked: [ReadID: [Read]] = [:]
    private var confirmed: [(index: LogIndex, reads: [Read])] = []

    init() {}

    mutating func gather(_ query: StoreQuery) -> Promise<ReadOutcome> {
        let promise = Promise<ReadOutcome>()
        gathered.append(Read(query: query, promise: promise))
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
        for read in asked.removeValue(forKey: id) ?? [] { read.promise.fulfil(outcome) }
    }

    /// Answers the confirmed reads whose index is applied.
    mutating func answer(from state: KeyValueState) {
        guard !confirmed.isEmpty else { return }
        for (index, reads) in confirmed where index <= state.applied.index {
            for read in reads { read.promise.fulfil(Self.answer(read.query, from: state)) }
        }
        confirmed.removeAll { $0.index <= state.applied.index }
    }

    mutating func loseAll() {
        let all = gathered + asked.values.joined() + confirmed.flatMap(\.reads)
        for read in all { read.promise.fulfil(.lost) }
        gathered = []
        asked = [:]
        confirmed = []
    }

    private static func answer(_ query: StoreQuery, from state: KeyValueState) -> ReadOutcome {
        do throws(StateError) {
            switch query {
            case .values(let keys):
                var values: [[UInt8]?] = []
                for key in keys { values.append(try state.value(of: key)) }
                return .values(values)
            case .range(let prefix, let limit):
                return .range(try state.range(prefix: prefix, limit: limit))
            }
        } catch {
            return .failed(error)
        }
    }
}
