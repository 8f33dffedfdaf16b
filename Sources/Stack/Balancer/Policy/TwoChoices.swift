// The power of two choices (Mitzenmacher, IEEE TPDS 2001): of two backends drawn at random the one
// with the lower cost. Many balancers that all take the very best one would stampede it together;
// two random ones are nearly as good and never in step. The cost is Finagle's: expected latency times
// the requests ahead, for the weight.

import Determinism

struct TwoChoices: Sendable {
    /// Seconds taken for a backend of which nothing is known yet but that it is busy already.
    static let penalty = 1.0

    func choose(_ candidates: [Candidate], random: inout SeededRandom) -> Int? {
        guard candidates.count > 1 else { return candidates.first?.index }
        let first = random.integer(in: 0..<candidates.count)
        var second = random.integer(in: 0..<candidates.count - 1)
        if second >= first { second += 1 }
        let (left, right) = (candidates[first], candidates[second])
        return Self.cost(left) <= Self.cost(right) ? left.index : right.index
    }

    static func cost(_ candidate: Candidate) -> Double {
        let isUnknown = candidate.latency == 0
        let latency = isUnknown && candidate.inFlight > 0 ? penalty : candidate.latency
        return latency * Double(candidate.inFlight + 1) / candidate.weight
    }
}
