// Who has to do what in a transaction: its conditions and writes by the shard that owns their keys.

struct TransactionPlan: Equatable {
    /// The shard of the first key, whose log decides. A retry has the same first key.
    let home: UInt64
    let homePart: TransactionPart
    /// The other shards, in order.
    let others: [(shard: UInt64, part: TransactionPart)]

    static func == (left: TransactionPlan, right: TransactionPlan) -> Bool {
        left.home == right.home && left.homePart == right.homePart
            && left.others.elementsEqual(right.others, by: ==)
    }

    /// Nil where nobody knows who owns a key.
    init?(
        _ transaction: Transaction, owner: ([UInt8]) -> UInt64?
    ) throws(StoreCommandError) {
        var owners: [[UInt8]: UInt64] = [:]
        for key in transaction.keys {
            guard let owner = owner(key) else { return nil }
            owners[key] = owner
        }
        guard let first = transaction.keys.first, let home = owners[first] else { return nil }
        var parts: [UInt64: TransactionPart] = [:]
        for shard in Set(owners.values) {
            let conditions = transaction.conditions.enumerated()
                .filter { owners[$0.element.key] == shard }
            let part = try Transaction(
                conditions: conditions.map(\.element),
                writes: transaction.writes.filter { owners[$0.key] == shard })
            parts[shard] = TransactionPart(part, places: conditions.map(\.offset))
        }
        guard let homePart = parts.removeValue(forKey: home) else { return nil }
        self.home = home
        self.homePart = homePart
        others = parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
