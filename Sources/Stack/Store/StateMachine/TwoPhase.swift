// Transactions across shards: two-phase commit (Gray 1978; presumed abort as in Mohan, Lindsay and
// Obermarck 1986) whose every step is an entry of a Raft log, so that no participant and no
// coordinator can take its word back by dying.
//
//      begin    at home, the shard of the first key: tests, locks, and the id is this entry's index
//      prepare  at each other shard: tests, locks
//      decide   at home: commit or abort, whichever is in its log first; commit writes home's part
//      finish   at each other shard: writes its part, or drops it
//      forget   at home: every participant has finished, nobody will ask again
//
// Why no two shards can disagree:
//  - Only home's log decides, and commit needs home's prepared record, which abort deletes for good:
//    the id names one entry of home's log, and no later entry can bring it back.
//  - Home begins before anybody else prepares. So a participant that has prepared and finds neither
//    a prepared nor a committed record at home knows that it was aborted.
//  - A committed record stays until all have finished, so what was committed is never presumed
//    aborted.
//  - A participant remembers in its request table that it prepared an id. A `prepare` that arrives
//    after the end of its transaction locks nothing again, and can apply nothing twice.
//  - Keys may move between two tries of one request. A try that finds an earlier one of other parts
//    ends it and begins anew: carried on, it would commit what the earlier one had in this shard alone.
//    For the same reason a shard prepares nothing for a transaction whose home it is itself, or whose
//    home it has taken in: such a part was meant for a shard that is gone.
//  - Nobody waits while it holds a lock that another waits for: a `begin` or `prepare` that meets a
//    lock changes nothing and says who holds it.
//
// Clocks start questions and never answer them: whoever finds a transaction old asks for an abort,
// and the place of that entry in home's log decides whether it was in time.

struct TwoPhase {
    /// Transactions that may be prepared at once; each holds locks and a row.
    static let preparedMax = 1024

    let changes: Changes
    let requests: RequestTable
    let ledger: TransactionLedger
    let index: UInt64
    let shard: UInt64
    /// What the shard is tied to: behind a fence nothing new is prepared, and of a home that is part
    /// of this shard by now everything was decided before, and what is not known here was aborted.
    let ties: ShardTies
    /// Requests that the table had to forget for new ones.
    private(set) var forgottenCount = 0

    init(
        _ changes: Changes, _ requests: RequestTable, _ ledger: TransactionLedger,
        at shard: UInt64, _ ties: ShardTies
    ) {
        self.shard = shard
        self.ties = ties
        self.changes = changes
        self.requests = requests
        self.ledger = ledger
        index = changes.index
    }

    mutating func carryOut(
        _ step: TransactionStep, for request: RequestID?
    ) throws(StateError) -> StoreReply {
        switch step {
        case .begin(let part, let home, let participants):
            let record = PreparedTransaction(
                id: TransactionID(home: home, begun: index), part: part, request: request,
                participants: participants)
            return try begin(record)
        case .prepare(let part, let id):
            return try prepare(PreparedTransaction(id: id, part: part))
        case .decide(let id, .commit) where !ties.absorbed.contains(id.home):
            return try commit(id)
        case .decide(let id, .commit): return try abort(id, failed: nil)
        case .decide(let id, .abort(let place)): return try abort(id, failed: place)
        case .finish(let id, let isCommitted): return try finish(id, isCommitted)
        case .forget(let id):
            try ledger.forget(id)
            return .ok
        }
    }

    // MARK: At home

    private mutating func begin(_ record: PreparedTransaction) throws(StateError) -> StoreReply {
        if let request = record.request {
            switch try requests.standing(of: request) {
            case .answered(let reply): return reply
            case .expired: return .expired
            case .new: break
            }
        }
        if let holder = try ledger.holder(ofAny: record.part.transaction.keys) {
            guard let known = try ledger.prepared(holder), known.request != nil,
                known.request == record.request
            else { return .locked(holder) }
            // Its own earlier try: whoever comes now may carry it on, unless keys have moved since.
            if known.part == record.part, known.participants == record.participants {
                return .begun(holder)
            }
            _ = try abort(holder, failed: nil)
            if let other = try ledger.holder(ofAny: record.part.transaction.keys) {
                return .locked(other)
            }
        }
        if let refusal = try test(record.part) {
            try keep(refusal, for: record.request)
            return refusal
        }
        if ties.isFenced { return .refused(.moved) }
        guard try ledger.preparedCount < Self.preparedMax else { return .refused(.overloaded) }
        try ledger.prepare(record)
        return .begun(record.id)
    }

    private mutating func commit(_ id: TransactionID) throws(StateError) -> StoreReply {
        guard let record = try ledger.prepared(id) else { return try outcome(of: id) }
        try ledger.release(record)
        try changes.write(record.part.transaction)
        if !record.participants.isEmpty {
            try ledger.keep(
                CommittedTransaction(id: id, version: index, participants: record.participants))
        }
        let reply = StoreReply.committed(version: index)
        try keep(reply, for: record.request)
        return reply
    }

    private mutating func abort(
        _ id: TransactionID, failed place: Int?
    ) throws(StateError) -> StoreReply {
        guard let record = try ledger.prepared(id) else { return try outcome(of: id) }
        try ledger.release(record)
        if let place { try keep(.failed(condition: place), for: record.request) }
        return .aborted
    }

    /// Of a transaction that is not prepared here any more.
    private func outcome(of id: TransactionID) throws(StateError) -> StoreReply {
        try ledger.committed(id).map { .committed(version: $0.version) } ?? .aborted
    }

    // MARK: At a participant

    private mutating func prepare(_ record: PreparedTransaction) throws(StateError) -> StoreReply {
        switch try requests.standing(of: record.id.request) {
        case .answered(let reply): return reply
        case .expired: return .expired
        case .new: break
        }
        if isHome(of: record.id) { return .refused(.moved) }
        if let holder = try ledger.holder(ofAny: record.part.transaction.keys) {
            return .locked(holder)
        }
        if let refusal = try test(record.part) { return refusal }
        if ties.isFenced { return .refused(.moved) }
        guard try ledger.preparedCount < Self.preparedMax else { return .refused(.overloaded) }
        try ledger.prepare(record)
        try keep(.prepared, for: record.id.request)
        return .prepared
    }

    private func finish(_ id: TransactionID, _ isCommitted: Bool) throws(StateError) -> StoreReply {
        guard let record = try ledger.prepared(id) else { return .ok }
        try ledger.release(record)
        if isCommitted { try changes.write(record.part.transaction) }
        return .ok
    }

    private func isHome(of id: TransactionID) -> Bool {
        id.home == shard || ties.absorbed.contains(id.home)
    }

    // MARK: Both

    /// Why the part cannot be; nil when it can, and stays so while its keys are locked.
    private func test(_ part: TransactionPart) throws(StateError) -> StoreReply? {
        switch try changes.look(at: part.transaction) {
        case .possible: return nil
        case .failed(let place): return .failed(condition: part.places[place])
        case .refused(let refusal): return .refused(refusal)
        }
    }

    private mutating func keep(
        _ reply: StoreReply, for request: RequestID?
    ) throws(StateError) {
        guard let request else { return }
        forgottenCount += try requests.keep(reply, to: request, at: index)
    }
}
