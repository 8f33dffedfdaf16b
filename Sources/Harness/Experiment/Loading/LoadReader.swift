// Reads the `load` of an experiment.

import Linux

struct LoadReader {
    let log: DiagnosticLog

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
        fields.finish()
        guard let rate, let journeys else { return nil }
        var profile = LoadProfile(rate: rate, journeys: journeys)
        profile.arrivals = arrivals ?? profile.arrivals
        profile.users = users ?? profile.users
        profile.popularity = popularity ?? profile.popularity
        profile.timeout = timeout ?? profile.timeout
        profile.connections = connections ?? profile.connections
        return profile
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
