// Who has to do what in a transaction: its conditions and writes by the shard that owns their keys.

import Wire

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

    /// Nil for a transaction that has no key.
    init?(_ transaction: Transaction, shardCount: Int) throws(StoreCommandError) {
        func shard(_ key: [UInt8]) -> Int { ShardKey.shard(of: key, count: shardCount) }
        guard let first = transaction.keys.first else { return nil }
        var parts: [Int: TransactionPart] = [:]
        for index in Set(transaction.keys.map(shard)) {
            let conditions = transaction.conditions.enumerated()
                .filter { shard($0.element.key) == index }
            let part = try Transaction(
                conditions: conditions.map(\.element),
                writes: transaction.writes.filter { shard($0.key) == index })
            parts[index] = TransactionPart(part, places: conditions.map(\.offset))
        }
        guard let homePart = parts.removeValue(forKey: shard(first)) else { return nil }
        home = UInt64(shard(first))
        self.homePart = homePart
        others = parts.sorted { $0.key < $1.key }.map { (UInt64($0.key), $0.value) }
    }

    var isSpread: Bool { !others.isEmpty }
}
