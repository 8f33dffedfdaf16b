// Real time as edges: whoever was answered before another was invoked comes first. All pairs would
// be a square of the history, so that every answer gets a node of its own in a chain through time: an
// answered transaction leads to its node, and the last node before an invocation leads to that one.

enum RealTimeOrder {
    /// The edges, and the number of nodes with the chain, which follows the transactions.
    static func edges(
        of transactions: [Transaction]
    ) -> (edges: [DependencyGraph.Edge], count: Int) {
        let answered = transactions.indices
            .filter {
                transactions[$0].call.outcome == .ok && transactions[$0].call.completed != nil
            }
            .sorted {
                (transactions[$0].call.completed ?? 0) < (transactions[$1].call.completed ?? 0)
            }
        let invoked = transactions.indices
            .sorted { transactions[$0].call.invoked < transactions[$1].call.invoked }
        var edges: [DependencyGraph.Edge] = []
        var passed = 0
        let first = Int32(transactions.count)
        for (place, index) in answered.enumerated() {
            let node = first + Int32(place)
            edges.append(.init(from: Int32(index), to: node, kind: .realTime, key: -1))
            if place > 0 {
                edges.append(.init(from: node - 1, to: node, kind: .realTime, key: -1))
            }
        }
        for index in invoked {
            let time = transactions[index].call.invoked
            while passed < answered.count,
                (transactions[answered[passed]].call.completed ?? .max) < time
            {
                passed += 1
            }
            if passed > 0 {
                edges.append(
                    .init(
                        from: first + Int32(passed) - 1, to: Int32(index), kind: .realTime, key: -1)
                )
            }
        }
        return (edges, transactions.count + answered.count)
    }
}
