// Who is an outlier, by comparing each backend with all the others over one interval.
//
// Envoy compares with the mean and deviation over all, the suspect among them; of three backends none
// can then ever lie 1.9 deviations out. So here each is held against the others alone. What all share
// (a slow tier behind them, a failing store) moves all alike and makes nobody an outlier, which is why
// answers that timed out may count here.

package import Blueprint
import Linux

/// One backend's figures of an interval.
package struct OutlierFigures: Equatable, Sendable {
    package var index: Int
    package var successRate: Double
    /// Seconds.
    package var latency: Double

    package init(index: Int, successRate: Double, latency: Double) {
        self.index = index
        self.successRate = successRate
        self.latency = latency
    }
}

package enum OutlierComparison {
    /// The least distance that is worth an ejection, so that 99.9% beside 100% is none.
    static let marginMin = 0.1

    /// The outliers, worst first; fewer than two backends cannot be compared.
    package static func outliers(
        among figures: [OutlierFigures], _ settings: OutlierSettings
    ) -> [(index: Int, reason: EjectionReason)] {
        guard figures.count > 1 else { return [] }
        let failing = figures.filter { isFailing($0, others(of: $0, in: figures), settings) }
            .sorted { $0.successRate < $1.successRate }
        let slow = figures.filter { isSlow($0, others(of: $0, in: figures), settings) }
            .sorted { $0.latency > $1.latency }
        let taken = Set(failing.map(\.index))
        return failing.map { ($0.index, .successRate) }
            + slow.filter { !taken.contains($0.index) }.map { ($0.index, .latency) }
    }

    private static func others(
        of one: OutlierFigures, in all: [OutlierFigures]
    ) -> [OutlierFigures] {
        all.filter { $0.index != one.index }
    }

    private static func isFailing(
        _ one: OutlierFigures, _ others: [OutlierFigures], _ settings: OutlierSettings
    ) -> Bool {
        let mean = others.reduce(0) { $0 + $1.successRate } / Double(others.count)
        let variance =
            others.reduce(0) { $0 + ($1.successRate - mean) * ($1.successRate - mean) }
            / Double(others.count)
        let factor = Double(settings.deviationThousandths) / 1000
        return one.successRate < mean - max(factor * variance.squareRoot(), marginMin)
    }

    private static func isSlow(
        _ one: OutlierFigures, _ others: [OutlierFigures], _ settings: OutlierSettings
    ) -> Bool {
        guard settings.latencyFactor > 0 else { return false }
        let sorted = others.map(\.latency).sorted()
        let median = sorted[(sorted.count - 1) / 2]
        return one.latency > Double(settings.latencyFactor) * median
            && one.latency > settings.latencyFloor.seconds
    }
}
