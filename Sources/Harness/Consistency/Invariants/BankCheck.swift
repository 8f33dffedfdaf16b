// Accounts between which money moves. Every read shows all accounts at one moment, so that the sum
// is the same in each; under snapshot isolation and above it cannot be another.

package enum BankCheck {
    private static let shown = 5

    /// `total` is what the accounts hold together; without it the first read says it.
    package static func judge(
        _ calls: [RecordedCall], total: Int64?, allowsNegative: Bool
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        var expected = total
        var accounts: Set<RecordedValue>?
        var reads = 0
        var broken: [[String]] = []
        for call in calls where call.function == "read" && call.outcome == .ok {
            let balances = try Self.balances(call)
            reads += 1
            let sum = balances.values.reduce(0, +)
            if let expected, sum != expected {
                broken.append(["the accounts hold \(sum), not \(expected):", "  \(call.text)"])
            } else if !allowsNegative, let poor = balances.first(where: { $0.value < 0 }) {
                broken.append(["account \(poor.key) holds \(poor.value):", "  \(call.text)"])
            } else if let accounts, accounts != Set(balances.keys) {
                broken.append(["not the accounts of the first read:", "  \(call.text)"])
            }
            expected = expected ?? sum
            accounts = accounts ?? Set(balances.keys)
        }
        guard let expected, reads > 0 else {
            return ConsistencyFinding(.unknown, "no read of the accounts was answered")
        }
        let figures = "\(reads) reads of \(accounts?.count ?? 0) accounts that hold \(expected)"
        return broken.isEmpty
            ? ConsistencyFinding(.holds, "\(figures): each adds up")
            : ConsistencyFinding(
                .broken, "\(figures): \(broken.count) do not add up",
                evidence: Array(broken.prefix(shown)))
    }

    private static func balances(
        _ call: RecordedCall
    ) throws(RecordedHistoryError) -> [RecordedValue: Int64] {
        guard case .map(let fields) = call.answer else {
            throw RecordedHistoryError(
                line: call.line, "a read answers with a map of balances, not \(call.answer)")
        }
        var balances: [RecordedValue: Int64] = [:]
        for (account, balance) in fields {
            guard let amount = balance.integer else {
                throw RecordedHistoryError(
                    line: call.line, "the balance of \(account) is \(balance), not an integer")
            }
            balances[account] = amount
        }
        return balances
    }
}
