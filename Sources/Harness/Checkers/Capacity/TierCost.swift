// What one request costs each tier in processor time, and how far a tier's budget reaches at that cost.
//
// A bottleneck says who is full at one rate; the cost says why, and who would be next: a tier of one node
// that takes 50 us a request on 10% of a core serves 2,000 requests a second and no more, whatever stands
// behind it. The busiest node counts, as for a bottleneck: a tier is full when one of its nodes is. Pure.

package struct TierCost: Hashable, Sendable {
    package var tier: String
    /// Those that were sampled.
    package var nodes: Int
    /// Microseconds of processor time that all its nodes together took for one request.
    package var perRequest: Double
    package var busiest: String
    /// Of its budget, or of one core where it has none; the mean over the time judged.
    package var busiestShare: Double
    /// Requests a second at which the busiest node is full, if each goes on to cost what it did; what a
    /// node does without requests is in it, so a lightly loaded tier reaches further.
    package var ceiling: Double

    /// Each tier, the one with the lowest ceiling first; `rate` is in requests a second.
    package static func costs(
        _ samples: [NodeSample], in interval: Range<Int64> = 0..<Int64.max, at rate: Double
    ) -> [TierCost] {
        precondition(rate > 0, "without requests nothing costs anything")
        let judged = samples.filter { interval.contains($0.at) }
        return Dictionary(grouping: judged, by: \.tier).compactMap { TierCost($0, $1, at: rate) }
            .sorted { ($0.ceiling, $0.tier) < ($1.ceiling, $1.tier) }
    }

    private init?(_ tier: String, _ samples: [NodeSample], at rate: Double) {
        let nodes = Dictionary(grouping: samples, by: \.node)
        let cores = nodes.values.map { mean($0) { $0.cpu } }.reduce(0, +)
        let shares = nodes.map { node, samples in
            (node: node, share: mean(samples) { $0.cpu / ($0.cpuBudget ?? 1) })
        }
        guard let most = shares.max(by: { ($0.share, $1.node) < ($1.share, $0.node) }),
            most.share > 0
        else { return nil }
        self.tier = tier
        self.nodes = nodes.count
        perRequest = cores * 1e6 / rate
        busiest = most.node
        busiestShare = most.share
        ceiling = rate / most.share
    }
}

private func mean(_ samples: [NodeSample], _ value: (NodeSample) -> Double) -> Double {
    samples.map(value).reduce(0, +) / Double(samples.count)
}
