// One line for what was compared: rates of both sides with their spread, p99 of both, and the ratio.

/// The repetitions of one comparison.
struct RivalResults {
    private(set) var ours: [ClosedLoopResult] = []
    private(set) var theirs: [ClosedLoopResult] = []

    mutating func note(_ result: ClosedLoopResult, isOurs: Bool) {
        if isOurs { ours.append(result) } else { theirs.append(result) }
    }
}

struct RivalTable {
    private(set) var table: MarkdownTable

    /// The heads of the two columns that say what was compared, and the rival's name.
    init(_ first: String, _ second: String, theirs: String) {
        table = MarkdownTable(
            first, second, "ours/s", "least to most", "p99", "\(theirs)/s", "least to most", "p99",
            "ratio")
    }

    mutating func add(_ heads: [String], _ results: RivalResults) {
        let sides = [results.ours, results.theirs].map { results in
            (
                rate: Spread(results.map(\.perSecond)),
                p99: Spread(results.map { Double($0.p99) / 1e6 })
            )
        }
        let cells = sides.flatMap { side in
            (side.rate?.cells() ?? []) + [Figure.text(side.p99?.median ?? 0, places: 1) + " ms"]
        }
        let ratio = (sides[0].rate?.median ?? 0) / max(1, sides[1].rate?.median ?? 0)
        table.add(heads + cells + [Figure.text(ratio, places: 2)])
    }
}
