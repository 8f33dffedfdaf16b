// A transaction of a recorded history: a list of reads and writes that took effect together or not at
// all. Its value is Jepsen's: `[[:append 3 1] [:r 4 [1 2]]]`, or `[:w 3 1]` for registers.

struct Transaction {
    enum Operation {
        /// Of a list key: what it held, oldest first. Nil where no answer came.
        case read(key: Int32, values: [Int32]?)
        case write(key: Int32, value: Int32)
    }

    var operations: [Operation]
    var call: RecordedCall
}

/// The transactions of a history, with keys and values as numbers.
struct TransactionHistory {
    private(set) var transactions: [Transaction] = []
    private(set) var keys = Interning<RecordedValue>()
    private(set) var values = Interning<RecordedValue>()

    /// `write` is the word that a write has: append or w.
    init(_ calls: [RecordedCall], write: String) throws(RecordedHistoryError) {
        transactions.reserveCapacity(calls.count)
        // The value before every write is number 0.
        _ = values.number(of: .null)
        for call in calls {
            let source = call.outcome == .ok ? call.answer : call.argument
            guard case .list(let steps) = source else {
                throw RecordedHistoryError(
                    line: call.line, "a transaction is a list of [f key value], not \(source)")
            }
            var operations: [Transaction.Operation] = []
            operations.reserveCapacity(steps.count)
            for step in steps {
                operations.append(try operation(step, write: write, of: call))
            }
            transactions.append(Transaction(operations: operations, call: call))
        }
    }

    private mutating func operation(
        _ step: RecordedValue, write: String, of call: RecordedCall
    ) throws(RecordedHistoryError) -> Transaction.Operation {
        guard case .list(let parts) = step, parts.count == 3, let word = parts[0].name else {
            throw RecordedHistoryError(line: call.line, "expected [f key value], not \(step)")
        }
        let key = keys.number(of: parts[1])
        switch word {
        case write: return .write(key: key, value: values.number(of: parts[2]))
        case "r":
            guard call.outcome == .ok else { return .read(key: key, values: nil) }
            guard write == "append" else {
                return .read(key: key, values: [values.number(of: parts[2])])
            }
            guard let elements = parts[2].isNull ? [] : parts[2].elements else {
                throw RecordedHistoryError(
                    line: call.line, "a read of \(parts[1]) answers with a list, not \(parts[2])")
            }
            return .read(key: key, values: elements.map { values.number(of: $0) })
        default:
            throw RecordedHistoryError(
                line: call.line, "a step is r or \(write), not \"\(word)\"")
        }
    }
}
