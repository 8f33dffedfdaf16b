// Cycles in the dependencies, each named by the edges that it needs. The narrowest name goes first: a
// cycle that writes alone make is G0 and is not shown again as something weaker.

struct CycleSearch {
    /// Cycles that are shown of one kind.
    private static let shown = 3
    private let graph: DependencyGraph
    private let history: TransactionHistory
    private let realTime: Dependencies
    /// Edges from which a way back is looked for, in one group.
    private let triedMax: Int
    /// Anomalies of which a group may hide one more: its edges were too many to try them all.
    private(set) var undecided: Set<Anomaly> = []

    init(
        _ graph: DependencyGraph, _ history: TransactionHistory, isStrict: Bool, triedMax: Int
    ) {
        self.graph = graph
        self.history = history
        self.triedMax = triedMax
        realTime = isStrict ? .realTime : []
    }

    mutating func reports() -> [AnomalyReport] {
        let everything: Dependencies = [.writeWrite, .writeRead, .readWrite, realTime]
        // Most histories have no cycle at all; one pass says so.
        guard !graph.components(by: everything).isEmpty else { return [] }
        let reads: Dependencies = [.writeWrite, .writeRead, realTime]
        return find(.g0, leaving: .writeWrite, back: [.writeWrite, realTime])
            + find(.g1c, leaving: .writeRead, back: reads)
            + find(.gSingle, leaving: .readWrite, back: reads)
            + find(.g2Item, leaving: .readWrite, back: everything, needs: .readWrite)
    }

    /// Cycles that leave a node by an edge of one kind and come back by edges of the others.
    private mutating func find(
        _ anomaly: Anomaly, leaving kind: Dependencies, back: Dependencies,
        needs: Dependencies = []
    ) -> [AnomalyReport] {
        let graph = graph
        var reports: [AnomalyReport] = []
        for group in graph.components(by: back.union(kind)) {
            let members = Set(group)
            let leaving = group.sorted().lazy.flatMap { graph.edges(from: $0) }
                .filter { $0.kind == kind && members.contains($0.to) }
            var tried = 0
            for edge in leaving {
                guard tried < triedMax else {
                    undecided.insert(anomaly)
                    break
                }
                tried += 1
                guard reports.count < Self.shown else { return reports }
                guard
                    let way = graph.path(from: edge.to, to: edge.from, by: back, within: members),
                    needs.isEmpty || way.contains(where: { $0.kind == needs })
                else { continue }
                // The shortest way back may be one without what is needed: then it has a name already.
                reports.append(report(anomaly, [edge] + way))
                break
            }
        }
        return reports
    }

    private func report(_ anomaly: Anomaly, _ cycle: [DependencyGraph.Edge]) -> AnomalyReport {
        let isTimed = cycle.contains { $0.kind == .realTime }
        var lines = ["\(anomaly.rawValue)\(isTimed ? "-realtime" : ""):"]
        for edge in cycle where Int(edge.from) < history.transactions.count {
            let call = history.transactions[Int(edge.from)].call
            let key = edge.key >= 0 ? " of key \(history.keys.values[Int(edge.key)])" : ""
            lines.append("  \(call.text)")
            lines.append("    \(edge.kind.word)\(key), before the next")
        }
        lines.append("  and so before itself")
        return AnomalyReport(anomaly: anomaly, lines: lines)
    }
}
