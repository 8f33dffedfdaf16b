// What one command does to the keys, as the entry at one index. A command is looked at as a whole
// before it changes anything: it counts entirely or not at all.

struct Changes {
    let data: DataTable
    /// The version that the written keys get.
    let index: UInt64

    func carryOut(_ action: StoreCommand.Action) throws(StateError) -> StoreReply {
        switch action {
        case .set(let key, let value):
            try data.put(value, for: key, version: index)
            return .ok
        case .increment(let key, let amount): return try increment(key, by: amount)
        case .once(let token, let key, let value):
            if try data.value(of: token) != nil { return .integer(0) }
            try data.put([UInt8(ascii: "1")], for: token, version: index)
            try data.put(value, for: key, version: index)
            return .integer(1)
        case .delete(let key): return .integer(try data.delete(key) ? 1 : 0)
        case .transact(let transaction): return try transact(transaction)
        case .openSession, .step, .checksum, .merge:
            preconditionFailure("not a change of keys alone")
        }
    }

    private func increment(
        _ key: [UInt8], by amount: Int64
    ) throws(StateError) -> StoreReply {
        switch try sum(of: key, and: amount) {
        case .failure(let refusal): return .refused(refusal)
        case .success(let sum):
            try data.put(Self.text(sum), for: key, version: index)
            return .integer(sum)
        }
    }

    // MARK: Transactions

    private func transact(_ transaction: Transaction) throws(StateError) -> StoreReply {
        switch try look(at: transaction) {
        case .failed(let place): return .failed(condition: place)
        case .refused(let refusal): return .refused(refusal)
        case .possible:
            try write(transaction)
            return .committed(version: index)
        }
    }

    /// Whether a transaction could be carried out now.
    enum Prospect {
        case possible
        /// The place of the first condition that does not hold.
        case failed(Int)
        case refused(StoreReply.Refusal)
    }

    func look(at transaction: Transaction) throws(StateError) -> Prospect {
        if let place = try firstFailure(of: transaction.conditions) { return .failed(place) }
        switch try outcomes(of: transaction.writes) {
        case .failure(let refusal): return .refused(refusal)
        case .success: return .possible
        }
    }

    /// Writes what `look` found possible.
    func write(_ transaction: Transaction) throws(StateError) {
        switch try outcomes(of: transaction.writes) {
        case .failure: preconditionFailure("what is possible stays so while its keys are held")
        case .success(let outcomes): try put(outcomes)
        }
    }

    /// The place of the first condition that does not hold.
    private func firstFailure(of conditions: [Condition]) throws(StateError) -> Int? {
        for (place, condition) in conditions.enumerated()
        where !condition.holds(for: try data.value(of: condition.key)) {
            return place
        }
        return nil
    }

    /// What each key will hold, nil for one that will be gone.
    private func outcomes(
        of writes: [Write]
    ) throws(StateError) -> Result<[(key: [UInt8], value: [UInt8]?)], StoreReply.Refusal> {
        var outcomes: [(key: [UInt8], value: [UInt8]?)] = []
        for write in writes {
            switch write.change {
            case .set(let value): outcomes.append((write.key, value))
            case .delete: outcomes.append((write.key, nil))
            case .add(let amount):
                switch try sum(of: write.key, and: amount) {
                case .failure(let refusal): return .failure(refusal)
                case .success(let sum): outcomes.append((write.key, Self.text(sum)))
                }
            }
        }
        return .success(outcomes)
    }

    private func put(_ outcomes: [(key: [UInt8], value: [UInt8]?)]) throws(StateError) {
        for (key, value) in outcomes {
            if let value {
                try data.put(value, for: key, version: index)
            } else {
                try data.delete(key)
            }
        }
    }

    // MARK: Numbers

    private func sum(
        of key: [UInt8], and amount: Int64
    ) throws(StateError) -> Result<Int64, StoreReply.Refusal> {
        let old = try data.value(of: key)?.value ?? [UInt8(ascii: "0")]
        guard let number = Self.number(old) else { return .failure(.notInteger) }
        let (sum, isOver) = number.addingReportingOverflow(amount)
        return isOver ? .failure(.overflow) : .success(sum)
    }

    /// Strict, as Redis is: one number has one text, without `+`, spaces or leading zeros.
    private static func number(_ text: [UInt8]) -> Int64? {
        guard text.count <= 20 else { return nil }
        let string = String(decoding: text, as: UTF8.self)
        guard let number = Int64(string), String(number) == string else { return nil }
        return number
    }

    private static func text(_ number: Int64) -> [UInt8] { Array(String(number).utf8) }
}
