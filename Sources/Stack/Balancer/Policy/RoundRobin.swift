// Smooth weighted round robin, as nginx has it: each turn every candidate gains its weight, the
// richest is chosen and pays what all gained together. Equal weights go round in order, and a weight
// of a tenth gets every tenth turn, evenly spread and never in a burst.

struct RoundRobin: Sendable {
    /// By place in the pool; the credits of those who take part sum to nought.
    private var credit: [Double] = []

    mutating func choose(_ candidates: [Candidate]) -> Int? {
        guard var best = candidates.first?.index else { return nil }
        let highest = candidates.reduce(0) { max($0, $1.index) }
        while credit.count <= highest { credit.append(0) }
        var total = 0.0
        for candidate in candidates {
            credit[candidate.index] += candidate.weight
            total += candidate.weight
            if credit[candidate.index] > credit[best] { best = candidate.index }
        }
        credit[best] -= total
        return best
    }

    /// Forgets what a place gained before another backend took it.
    mutating func reset(_ index: Int) {
        if credit.indices.contains(index) { credit[index] = 0 }
    }
}
