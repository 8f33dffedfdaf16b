// How long packets take, and how much that varies. The distributions are netem's, with two things
// mended: correlation is that of an autoregressive normal process carried over to the distribution
// asked for, so that it does not narrow it; and jitter reorders only where that is asked for.

/// The time that a link adds to a packet's way.
package struct Delay: Hashable, Sendable {
    package enum Distribution: Hashable, Sendable {
        /// Jitter is the half-width.
        case uniform
        /// Jitter is the standard deviation.
        case normal
        /// Shape 3 about its mean, a tail of late packets; jitter is the standard deviation.
        case pareto
        /// Jitter is what the table has as one.
        case table(DelayTable)
    }

    package var base: Duration
    /// How far delays stray, in the sense of the distribution; at most `base`. None is below zero.
    package var jitter: Duration
    /// Of one packet's deviation with the next one's; 0..<1.
    package var correlation: Double
    package var distribution: Distribution
    /// Whether a packet waits for the one before it, as in a queue.
    package var keepsOrder: Bool

    package init(
        _ base: Duration, jitter: Duration = .zero, correlation: Double = 0,
        distribution: Distribution = .uniform, keepsOrder: Bool = true
    ) {
        precondition(base >= .zero && jitter >= .zero, "time does not run backwards")
        precondition(jitter <= base, "a packet cannot leave before it came")
        precondition(correlation >= 0 && correlation < 1, "a correlation of 1 is no randomness")
        self.base = base
        self.jitter = jitter
        self.correlation = correlation
        self.distribution = distribution
        self.keepsOrder = keepsOrder
    }
}

/// A distribution measured elsewhere, as quantiles at equal steps.
///
/// The format is that of netem's `.dist` files, such as those of iproute2 (tc-netem(8)): whole
/// numbers of 16 bits, white space between them, comments from `#`; 8192 is one jitter.
package struct DelayTable: Hashable, Sendable {
    /// Ascending, in multiples of the jitter.
    package let deviations: [Float]

    package static let countMax = 16_384

    /// Nil where the text is no such table.
    package init?(text: String) {
        var values: [Float] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.prefix { $0 != "#" }
            for word in content.split(whereSeparator: \.isWhitespace) {
                guard let value = Int16(word), values.count < Self.countMax else { return nil }
                values.append(Float(value) / 8192)
            }
        }
        guard values.count >= 2 else { return nil }
        deviations = values.sorted()
    }

    /// The deviation below which a share of all lie; 0 <= share <= 1.
    package func deviation(at share: Double) -> Double {
        Double(deviations[min(deviations.count - 1, Int(share * Double(deviations.count)))])
    }
}
