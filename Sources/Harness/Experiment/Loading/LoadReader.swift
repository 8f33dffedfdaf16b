// Reads the `load` of an experiment.

import Linux

struct LoadReader {
    let log: DiagnosticLog

    /// Requests a second at most, spikes included.
    private static let rateMax = 1_000_000.0
    private static let spikesMax = 100

    func profile(_ node: YAMLNode) -> LoadProfile? {
        guard var fields = Fields(node, "\"load\"", log) else { return nil }
        let arrivals = fields.optional(
            "arrivals", Checked.word("arrival process", ArrivalProcess.self))
        let rate = fields.required("rate", Checked.rate(max: 1_000_000))
        let journeys = fields.takeRequired("journeys").flatMap(self.journeys)
        let users = fields.optional("users", Checked.integer(1...100_000_000))
        let popularity = fields.optional("popularity", Checked.number(0...5))
        let timeout = fields.optional(
            "timeout", Checked.duration(.milliseconds(1) ... .seconds(60)))
        let connections = fields.optional("connections", Checked.integer(1...50_000))
        let spikes = fields.take("spikes").map { self.spikes($0, rate: rate) } ?? []
        fields.finish()
        guard let rate, let journeys, let spikes else { return nil }
        var profile = LoadProfile(rate: rate, journeys: journeys)
        profile.arrivals = arrivals ?? profile.arrivals
        profile.users = users ?? profile.users
        profile.popularity = popularity ?? profile.popularity
        profile.timeout = timeout ?? profile.timeout
        profile.connections = connections ?? profile.connections
        profile.spikes = spikes
        return profile
    }

    private func spikes(_ node: YAMLNode, rate: Double?) -> [LoadSpike]? {
        guard let items = node.items("\"spikes\"", log) else { return nil }
        guard items.count <= Self.spikesMax else {
            log.error("more than \(Self.spikesMax) spikes", at: node.location)
            return nil
        }
        var spikes: [LoadSpike] = []
        for item in items {
            guard let spike = spike(item) else { return nil }
            if let last = spikes.last, spike.at < last.end {
                log.error(
                    "this spike begins before the one above it ends, at \(Quantity.text(last.end))",
                    at: item.location)
                return nil
            }
            if let rate, rate * spike.factor > Self.rateMax {
                log.error(
                    "\(Int(rate * spike.factor))/s is above the greatest rate, "
                        + "\(Int(Self.rateMax))/s", at: item.location)
                return nil
            }
            spikes.append(spike)
        }
        return spikes
    }

    private func spike(_ node: YAMLNode) -> LoadSpike? {
        guard var fields = Fields(node, "a spike", log) else { return nil }
        let at = fields.required("at", Checked.duration(.zero...StepReader.lengthMax))
        let length = fields.required(
            "for", Checked.duration(.milliseconds(1)...StepReader.lengthMax))
        let factor = fields.required("factor", Checked.number(0.01...1000))
        fields.finish()
        guard let at, let length, let factor else { return nil }
        return LoadSpike(at: at, length: length, factor: factor)
    }

    private func journeys(_ node: YAMLNode) -> [JourneyShare]? {
        guard var fields = Fields(node, "\"journeys\"", log) else { return nil }
        let problems = log.count
        let shares = Journey.allCases.compactMap { journey in
            fields.optional(journey.rawValue, Checked.share).map {
                JourneyShare(journey: journey, share: $0)
            }
        }
        fields.finish()
        guard log.count == problems else { return nil }
        let sum = shares.map(\.share).reduce(0, +)
        // 1/3 written as 33.33% thrice is meant as all of them.
        guard abs(sum - 1) < 0.0005 else {
            let percent = (sum * 10_000).rounded() / 100
            log.error("the shares of the journeys sum to \(percent)%, not 100%", at: node.location)
            return nil
        }
        return shares
    }
}
