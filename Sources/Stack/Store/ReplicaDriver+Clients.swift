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
    case values([VersionedValue?])
    case range([KeyValue])
    /// The answer would have more bytes than one answer may have.
    case tooLarge
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

    /// Reads what every acknowledged write up to now has left. Reads that come together share one
    /// round of the quorum.
    func read(_ query: StoreQuery) async -> ReadOutcome {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        guard reads.count < limits.pendingReadsMax else { return .refused(.overloaded) }
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

    /// Reads that have no answer yet.
    var count: Int {
        gathered.count + asked.values.reduce(0) { $0 + $1.count }
            + confirmed.reduce(0) { $0 + $1.reads.count }
    }

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
                var values: [VersionedValue?] = []
                var byteCount = 0
                for key in keys {
                    let found = try state.versionedValue(of: key)
                    byteCount += found?.value.count ?? 0
                    if byteCount > Bounds.answerBytesMax { return .tooLarge }
                    values.append(found)
                }
                return .values(values)
            case .range(let prefix, let limit):
                let pairs = try state.range(
                    prefix: prefix, limit: limit, byteCountMax: Bounds.answerBytesMax)
                return pairs.map { .range($0) } ?? .tooLarge
            }
        } catch {
            return .failed(error)
        }
    }
}
