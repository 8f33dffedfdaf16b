// Who led each group of replicas, as seen from outside by role probes, and the judging of how often
// that changed.
//
// Of several that claim to lead, the one of the latest term does. A leader that is elected again is a
// new one: nobody led in between. A leader whose whole term falls between two probes is not seen, so
// the probes come more often than elections can.

package import Experiment

/// One leader of one group, from the first probe that saw it to the last.
package struct LeaderSpan: Hashable, Sendable {
    package var tier: String
    /// `store.shard-1`, `queue.partition-2`, or the tier where that has one group.
    package var group: String
    package var node: String
    package var term: UInt64
    /// Nanoseconds since the run's epoch.
    package var first: Int64
    package var last: Int64

    package init(
        tier: String, group: String, node: String, term: UInt64, first: Int64, last: Int64
    ) {
        self.tier = tier
        self.group = group
        self.node = node
        self.term = term
        self.first = first
        self.last = last
    }
}

/// Makes spans of what probes say, one round after the other.
package struct LeaderLedger: Sendable {
    package private(set) var spans: [LeaderSpan] = []
    /// Place in `spans` of the last leader that was seen of each group.
    private var latest: [String: Int] = [:]
    /// More than any run that anybody would look at.
    private static let spansMax = 10_000

    package init() {}

    package mutating func note(_ roster: [RosterNode], at time: Int64) {
        var leaders: [String: (tier: String, node: String, term: UInt64)] = [:]
        for node in roster {
            for (group, standing) in node.groups where standing.role == .leader {
                if let other = leaders[group], other.term >= standing.term { continue }
                leaders[group] = (node.tier, node.name, standing.term)
            }
        }
        for (group, leader) in leaders.sorted(by: { $0.key < $1.key }) {
            note(leader.tier, group, leader.node, leader.term, at: time)
        }
    }

    private mutating func note(
        _ tier: String, _ group: String, _ node: String, _ term: UInt64, at time: Int64
    ) {
        if let place = latest[group] {
            // One that was deposed and does not know it yet.
            if term < spans[place].term { return }
            if term == spans[place].term, node == spans[place].node {
                spans[place].last = time
                return
            }
        }
        guard spans.count < Self.spansMax else { return }
        latest[group] = spans.count
        spans.append(
            LeaderSpan(
                tier: tier, group: group, node: node, term: term, first: time, last: time))
    }
}

extension RosterNode {
    /// What the node is to each of the groups that it belongs to.
    fileprivate var groups: [(group: String, standing: Standing)] {
        if !partitions.isEmpty {
            return partitions.map { ("\(tier).partition-\($0.key)", $0.value) }
        }
        guard let own = standing(in: nil) else { return [] }
        return [(shard.map { "\(tier).shard-\($0)" } ?? tier, own)]
    }
}

extension Judge {
    func leaderChanges(
        _ objective: Objective, _ comparison: Comparison, _ limit: Int
    ) -> Judgement {
        let spans = run.leaders.filter {
            objective.slice.tier == nil || $0.tier == objective.slice.tier
        }
        guard let interval = run.interval(of: objective.slice), !spans.isEmpty else {
            return Judgement(objective, .noData, measured: "no leader was seen")
        }
        var changes: [LeaderSpan] = []
        let groups = Set(spans.map(\.group)).sorted()
        for group in groups {
            let own = spans.filter { $0.group == group }.sorted { $0.first < $1.first }
            guard
                own.contains(where: {
                    $0.first < interval.upperBound && $0.last >= interval.lowerBound
                })
            else {
                return Judgement(objective, .noData, measured: "no leader of \(group) was seen")
            }
            changes += own.dropFirst().filter { interval.contains($0.first) }
        }
        changes.sort { $0.first < $1.first }
        let names = changes.prefix(5).map {
            "\($0.node) in term \($0.term) at \(Quantity.duration($0.first))"
        }
        let list = names.isEmpty ? "" : ": \(names.joined(separator: ", "))"
        return Judgement(
            objective, comparison.holds(changes.count, limit) ? .held : .failed,
            measured: "\(changes.count) in \(groups.count) groups\(list)",
            value: Double(changes.count))
    }
}
