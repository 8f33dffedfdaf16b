// Several conditions and several writes that count together or not at all, as etcd's Txn has them
// (api/etcdserverpb/rpc.proto, TxnRequest), with one branch instead of two.
//
// A key's version is the log index of its last write; a key that is not there has version 0. No two
// writes of a shard share an index but those of one transaction, so "the version is still 7" means
// that nothing has written the key since it was read.

/// What has to hold of one key for a transaction to count.
package struct Condition: Hashable, Sendable {
    package enum Test: Hashable, Sendable {
        /// Nothing has written the key since; 0 for one that is not there.
        case version(UInt64)
        /// The value is this; never true of a key that is not there.
        case value([UInt8])
        case absent
        case present
    }

    package let key: [UInt8]
    package let test: Test

    package init(key: [UInt8], _ test: Test) {
        self.key = key
        self.test = test
    }

    func holds(for found: VersionedValue?) -> Bool {
        switch test {
        case .version(let version): (found?.version ?? 0) == version
        case .value(let value): found?.value == value
        case .absent: found == nil
        case .present: found != nil
        }
    }
}

/// One change of one key.
package struct Write: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        case set([UInt8])
        /// Nothing happens to a key that is not there.
        case delete
        /// The value is decimal text, as Redis keeps it; a missing key counts as 0.
        case add(Int64)
    }

    package let key: [UInt8]
    package let change: Change

    package init(key: [UInt8], _ change: Change) {
        self.key = key
        self.change = change
    }
}

package struct Transaction: Hashable, Sendable {
    /// Conditions and writes together; etcd's default for its `--max-txn-ops`.
    package static let operationsMax = 128
    /// Bytes of all keys and values; a command has to fit into one record of the log.
    package static let byteCountMax = 768 * 1024

    package let conditions: [Condition]
    package let writes: [Write]

    /// A key may be tested more than once, but written only once: nobody has to know an order.
    package init(
        conditions: [Condition] = [], writes: [Write]
    ) throws(StoreCommandError) {
        let count = conditions.count + writes.count
        guard (1...Self.operationsMax).contains(count) else { throw .operationCount(count) }
        var written: Set<[UInt8]> = []
        for write in writes where !written.insert(write.key).inserted {
            throw .writtenTwice(write.key)
        }
        self.conditions = conditions
        self.writes = writes
        try checkSizes()
    }

    /// Every key, tested ones first, in the order of the command.
    package var keys: [[UInt8]] { conditions.map(\.key) + writes.map(\.key) }

    private func checkSizes() throws(StoreCommandError) {
        var total = 0
        for key in keys {
            try StoreCommand.check(key: key)
            total += key.count
        }
        for value in values {
            try StoreCommand.check(value: value)
            total += value.count
        }
        if total > Self.byteCountMax { throw .transactionSize(total) }
    }

    private var values: [[UInt8]] {
        let compared = conditions.compactMap { condition in
            if case .value(let value) = condition.test { value } else { nil }
        }
        let written = writes.compactMap { write in
            if case .set(let value) = write.change { value } else { nil }
        }
        return compared + written
    }
}
