// Judges a history of transactions that append to lists and read them, in the manner of Elle: the
// lists tell in which order the appends took effect, and that order tells which transaction must come
// before which. No search is needed; the time is that of reading the lists.

package enum ListAppendCheck {
    private static let shown = 8

    package static func judge(
        _ calls: [RecordedCall], level: IsolationLevel, triedMax: Int = 2000
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        let history = try TransactionHistory(calls, write: "append")
        let committed = history.transactions.count { $0.call.outcome == .ok }
        guard committed > 0 else {
            return ConsistencyFinding(.unknown, "no transaction of the history committed")
        }
        let orders = VersionOrders(history)
        let isStrict = level == .strictSerializable
        let time = isStrict ? RealTimeOrder.edges(of: history.transactions) : ([], calls.count)
        let graph = DependencyGraph(count: time.1, edges: orders.edges + time.0)
        var search = CycleSearch(graph, history, isStrict: isStrict, triedMax: triedMax)
        let all = orders.reports + search.reports()
        let forbidden = all.filter { $0.anomaly.isForbidden(by: level) }
        let figures =
            "\(committed) of \(calls.count) transactions committed, "
            + "\(orders.edges.count) dependencies"
        let undecided = search.undecided.filter { $0.isForbidden(by: level) }.map(\.rawValue)
        guard !forbidden.isEmpty || undecided.isEmpty else {
            return ConsistencyFinding(
                .unknown,
                "\(undecided.sorted().joined(separator: ", ")) not ruled out within the bound; \(figures)"
            )
        }
        guard !forbidden.isEmpty else {
            return ConsistencyFinding(.holds, "\(level.rawValue): \(figures)")
        }
        let names = Anomaly.allCases.compactMap { anomaly in
            let count = forbidden.count { $0.anomaly == anomaly }
            return count > 0 ? "\(anomaly.rawValue) (\(count))" : nil
        }
        return ConsistencyFinding(
            .broken, "not \(level.rawValue): \(names.joined(separator: ", ")); \(figures)",
            evidence: forbidden.prefix(shown).map(\.lines))
    }
}
