// The order in which each list key was appended to, as the reads show it: every read is a prefix of
// the longest one, or no order explains them. From it follow who overwrote whom, who read whose
// write, and whose read was overwritten.

struct VersionOrders {
    struct Writer {
        var transaction: Int32
        /// The last append of its transaction to the key.
        var isFinal: Bool
    }

    /// Appends of a key, past its longest read, that are followed.
    private static let unseenKept = 64

    private(set) var reports: [AnomalyReport] = []
    private(set) var edges: [DependencyGraph.Edge] = []
    private let history: TransactionHistory
    /// By key and value.
    private var writers: [UInt64: Writer] = [:]
    /// By key.
    private var longest: [[Int32]]
    /// Committed transactions with an append that no read shows, by key.
    private var unseen: [[Int32]]

    init(_ history: TransactionHistory) {
        self.history = history
        longest = Array(repeating: [], count: history.keys.values.count)
        unseen = longest
        collectWriters()
        collectOrders()
        collectUnseen()
        for (index, transaction) in history.transactions.enumerated()
        where transaction.call.outcome == .ok {
            checkReads(of: transaction, Int32(index))
        }
        linkWrites()
        findLostUpdates()
    }

    private static func place(_ key: Int32, _ value: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: key)) << 32 | UInt64(UInt32(bitPattern: value))
    }

    private mutating func collectWriters() {
        for (index, transaction) in history.transactions.enumerated() {
            var last: [Int32: Int32] = [:]
            for case .write(let key, let value) in transaction.operations {
                if let earlier = last.updateValue(value, forKey: key) {
                    writers[Self.place(key, earlier)]?.isFinal = false
                }
                writers[Self.place(key, value)] = Writer(
                    transaction: Int32(index), isFinal: true)
            }
        }
    }

    private mutating func collectOrders() {
        for transaction in history.transactions where transaction.call.outcome == .ok {
            for case .read(let key, let values?) in transaction.operations
            where values.count > longest[Int(key)].count {
                longest[Int(key)] = values
            }
        }
    }

    /// A committed append that the longest read lacks took effect after it, in an order that nobody
    /// knows. Where there are too many, some are left out: that can hide an anomaly, not invent one.
    private mutating func collectUnseen() {
        let seen = longest.map(Set.init)
        for (index, transaction) in history.transactions.enumerated()
        where transaction.call.outcome == .ok {
            for case .write(let key, let value) in transaction.operations
            where !seen[Int(key)].contains(value) && unseen[Int(key)].last != Int32(index)
                && unseen[Int(key)].count < Self.unseenKept
            {
                unseen[Int(key)].append(Int32(index))
            }
        }
    }
}

extension VersionOrders {
    private mutating func checkReads(of transaction: Transaction, _ index: Int32) {
        /// What the transaction knows a key to hold, and what it appended without knowing.
        var known: [Int32: [Int32]] = [:]
        var appended: [Int32: [Int32]] = [:]
        for operation in transaction.operations {
            switch operation {
            case .write(let key, let value):
                known[key]?.append(value)
                appended[key, default: []].append(value)
            case .read(let key, let values?):
                let own = appended[key] ?? []
                if let known = known[key], known != values {
                    report(.internal, transaction, "key \(name(key)) was \(text(known)) before")
                } else if known[key] == nil, !values.suffix(own.count).elementsEqual(own) {
                    report(
                        .internal, transaction, "its own appends \(text(own)) are not at the end")
                } else if known[key] == nil {
                    checkExternal(transaction, index, key, Array(values.dropLast(own.count)))
                }
                known[key] = values
            case .read(_, nil): break
            }
        }
    }

    /// A read of what others wrote.
    private mutating func checkExternal(
        _ transaction: Transaction, _ index: Int32, _ key: Int32, _ values: [Int32]
    ) {
        let order = longest[Int(key)]
        if Set(values).count != values.count {
            report(.duplicateElements, transaction, "key \(name(key)) shows an element twice")
            return
        }
        guard order.starts(with: values) else {
            report(
                .incompatibleOrder, transaction,
                "key \(name(key)) was \(text(values)), elsewhere \(text(order))")
            return
        }
        if let last = values.last {
            checkWriter(transaction, index, key, last)
        }
        for value in values {
            checkCommitted(transaction, key, value)
        }
        if values.count < order.count,
            let next = writers[Self.place(key, order[values.count])]?.transaction
        {
            edges.append(.init(from: index, to: next, kind: .readWrite, key: key))
        } else if values.count == order.count {
            for writer in unseen[Int(key)] where writer != index {
                edges.append(.init(from: index, to: writer, kind: .readWrite, key: key))
            }
        }
    }

    private mutating func checkWriter(
        _ transaction: Transaction, _ index: Int32, _ key: Int32, _ value: Int32
    ) {
        guard let writer = writers[Self.place(key, value)] else { return }
        if !writer.isFinal, writer.transaction != index {
            report(
                .g1b, transaction,
                "\(name(value: value)) of key \(name(key)) is not what its transaction left there")
        }
        edges.append(.init(from: writer.transaction, to: index, kind: .writeRead, key: key))
    }

    private mutating func checkCommitted(
        _ transaction: Transaction, _ key: Int32, _ value: Int32
    ) {
        guard let writer = writers[Self.place(key, value)] else {
            report(
                .garbageRead, transaction,
                "nobody appended \(name(value: value)) to key \(name(key))")
            return
        }
        if history.transactions[Int(writer.transaction)].call.outcome == .fail {
            report(
                .g1a, transaction,
                "\(name(value: value)) of key \(name(key)) was appended by an aborted one")
        }
    }

    private mutating func linkWrites() {
        for (key, order) in longest.enumerated() {
            for (first, second) in zip(order, order.dropFirst()) {
                guard let from = writers[Self.place(Int32(key), first)]?.transaction,
                    let to = writers[Self.place(Int32(key), second)]?.transaction
                else { continue }
                edges.append(.init(from: from, to: to, kind: .writeWrite, key: Int32(key)))
            }
            guard let last = order.last.flatMap({ writers[Self.place(Int32(key), $0)] }) else {
                continue
            }
            for writer in unseen[key] {
                edges.append(
                    .init(
                        from: last.transaction, to: writer, kind: .writeWrite, key: Int32(key)))
            }
        }
    }

    /// Committed transactions that read the same version of a key and then append to it.
    private mutating func findLostUpdates() {
        var updaters: [UInt64: Int32] = [:]
        for (index, transaction) in history.transactions.enumerated()
        where transaction.call.outcome == .ok {
            var versions: [Int32: Int] = [:]
            for operation in transaction.operations {
                switch operation {
                case .read(let key, let values?):
                    if versions[key] == nil { versions[key] = values.count }
                case .write(let key, _):
                    guard let version = versions[key], version >= 0 else { continue }
                    versions[key] = -1
                    let place = Self.place(key, Int32(version))
                    if let other = updaters[place] {
                        report(
                            .lostUpdate, transaction,
                            "key \(name(key)) was read and appended to by",
                            history.transactions[Int(other)])
                    }
                    updaters[place] = Int32(index)
                case .read(_, nil): break
                }
            }
        }
    }
}

extension VersionOrders {
    private mutating func report(
        _ anomaly: Anomaly, _ transaction: Transaction, _ why: String, _ other: Transaction? = nil
    ) {
        var lines = ["\(anomaly.rawValue): \(why)"]
        if let other { lines.append("  \(other.call.text)") }
        lines.append("  \(transaction.call.text)")
        reports.append(AnomalyReport(anomaly: anomaly, lines: lines))
    }

    private func name(_ key: Int32) -> String { "\(history.keys.values[Int(key)])" }

    private func name(value: Int32) -> String { "\(history.values.values[Int(value)])" }

    private func text(_ values: [Int32]) -> String {
        "[\(values.map(name(value:)).joined(separator: " "))]"
    }
}
