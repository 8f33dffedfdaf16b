// What a replica can tell of transactions across shards, as of `applied`.

extension KeyValueState {
    /// The transaction that is about to write any of the keys; a read of them has to wait for it.
    func writer(ofAny keys: [[UInt8]]) throws(StateError) -> TransactionID? {
        try ledger(transaction()).writer(ofAny: keys)
    }

    func writer(under prefix: [UInt8]) throws(StateError) -> TransactionID? {
        try ledger(transaction()).writer(under: prefix)
    }

    package func preparedTransactions() throws(StateError) -> [PreparedTransaction] {
        try ledger(transaction()).allPrepared()
    }

    package func committedTransactions() throws(StateError) -> [CommittedTransaction] {
        try ledger(transaction()).allCommitted()
    }

    /// Of a transaction whose home this is.
    func status(of id: TransactionID) throws(StateError) -> TransactionStatus {
        let ledger = ledger(try transaction())
        if try ledger.prepared(id) != nil { return .pending }
        return try ledger.committed(id) == nil ? .aborted : .committed
    }
}
