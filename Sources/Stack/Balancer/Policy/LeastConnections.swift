// The backend with the fewest requests in hand, for its weight. Ties go round from the one after the
// last choice, so that an idle tier is shared out as well.

struct LeastConnections: Sendable {
    private var last = -1

    mutating func choose(_ candidates: [Candidate]) -> Int? {
        var best: Candidate?
        for candidate in candidates {
            guard let leader = best else {
                best = candidate
                continue
            }
            let (load, least) = (Self.load(candidate), Self.load(leader))
            let isNext = candidate.index > last && leader.index <= last
            if load < least || (load == least && isNext) { best = candidate }
        }
        if let best { last = best.index }
        return best?.index
    }

    /// With the request to come: else a backend at a tenth of its weight would look as idle as any.
    private static func load(_ candidate: Candidate) -> Double {
        Double(candidate.inFlight + 1) / candidate.weight
    }
}
