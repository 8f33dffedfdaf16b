// A follower's reads: it asks its leader for the read index, then reads its own state (dissertation 6.4).
//
// The leader treats the question like a read of its own, with a quorum round that begins after the
// question came, so the answer is linearizable no matter which replica reads. Reads that come
// between two readies share a question. A question may be lost; it is then asked again under a new
// name, and an answer to the old one is ignored.

struct ForwardedReads: Sendable {
    /// Reads that no question covers yet.
    private var gathered: [ReadID] = []
    private var asked: [Question] = []
    private var confirmed: [ReadState] = []
    private var lastNumber: UInt64 = 0

    private struct Question: Sendable {
        let number: UInt64
        let ids: [ReadID]
        let askedAt: Int
    }

    var count: Int { asked.reduce(gathered.count) { $0 + $1.ids.count } }

    /// Takes a read as confirmed that nobody was asked about: only a planted bug does.
    mutating func confirm(_ id: ReadID, _ index: LogIndex) {
        confirmed.append(ReadState(id: id, index: index))
    }

    mutating func add(_ id: ReadID) { gathered.append(id) }

    /// Makes one question of all that gathered; returns its number, or nil when there is nothing.
    mutating func takeQuestion(at now: Int) -> UInt64? {
        guard !gathered.isEmpty else { return nil }
        lastNumber += 1
        asked.append(Question(number: lastNumber, ids: gathered, askedAt: now))
        gathered = []
        return lastNumber
    }

    /// Asks again what was asked too long ago.
    mutating func repeatQuestions(askedBefore moment: Int) {
        let late = asked.prefix { $0.askedAt < moment }
        gathered += late.flatMap(\.ids)
        asked.removeFirst(late.count)
    }

    /// Takes the answer to a question; without an index the leader refused, and the ids come back.
    mutating func answer(_ number: UInt64, index: LogIndex?) -> [ReadID] {
        guard let place = asked.firstIndex(where: { $0.number == number }) else { return [] }
        let ids = asked.remove(at: place).ids
        guard let index else { return ids }
        confirmed += ids.map { ReadState(id: $0, index: index) }
        return []
    }

    mutating func takeConfirmed() -> [ReadState] {
        defer { confirmed = [] }
        return confirmed
    }

    /// Gives up all that was not answered. What was confirmed stays so, whoever leads.
    mutating func abandon() -> [ReadID] {
        defer {
            gathered = []
            asked = []
        }
        return asked.flatMap(\.ids) + gathered
    }
}
