// Messages of one partition that are in its log and not yet applied, so that a fetch can be put right
// behind them instead of waiting until they are there.

struct ComingMessages {
    private struct Topic {
        /// Proposed and not answered.
        var underWay = 0
        /// Proposed since the first of those.
        var total = 0
        /// For each group, how many of them stood before its last fetch.
        var fetched: [String: Int] = [:]
    }

    private var topics: [String: Topic] = [:]

    mutating func begin(_ topic: String) {
        topics[topic, default: Topic()].underWay += 1
        topics[topic]?.total += 1
    }

    mutating func end(_ topic: String) {
        topics[topic]?.underWay -= 1
        if topics[topic]?.underWay == 0 { topics[topic] = nil }
    }

    /// Whether a fetch that is proposed now stands behind messages that no fetch before it sees.
    func isNews(for name: GroupName) -> Bool {
        guard let topic = topics[name.topic] else { return false }
        return topic.total > topic.fetched[name.group] ?? 0
    }

    mutating func noteFetch(_ name: GroupName) {
        guard let total = topics[name.topic]?.total else { return }
        topics[name.topic]?.fetched[name.group] = total
    }
}
