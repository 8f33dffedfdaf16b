// What a load came to, for people and for programs.

import Experiment
import Linux
import Reactor
import Telemetry
package import Wire

package struct LoadSummary: Equatable, Sendable {
    /// Nanoseconds; dispatch later than this for more than one request in a hundred means that the
    /// generator, and not the server, was at its limit.
    package static let lagMax: Int64 = 50_000_000

    package let options: LoadOptions
    package let counts: LoadCounts
    /// Highest value that each share of the requests stayed within, in nanoseconds from the intended
    /// time; timeouts count with the time waited, refusals do not count.
    package let percentiles: [Percentile]
    package let latencyMax: Int64
    package let latencyMean: Double
    package let dispatchLagP99: Int64
    package let dispatchLagMax: Int64
    /// From the epoch to the end of the last request, at least the planned duration.
    package let elapsed: Duration
    package let isCut: Bool
    package let fingerprint: String

    package struct Percentile: Equatable, Sendable {
        package let name: String
        package let latency: Int64
    }

    @ReactorActor
    init(_ options: LoadOptions, _ generator: LoadGenerator) {
        let latencies = generator.latencies
        self.options = options
        counts = generator.counts
        percentiles = [50, 90, 99, 99.9].map { percent in
            let name = percent == percent.rounded() ? "p\(Int(percent))" : "p\(percent)"
            return Percentile(name: name, latency: latencies.value(atPercentile: percent))
        }
        latencyMax = latencies.max
        latencyMean = latencies.mean
        dispatchLagP99 = generator.dispatchLag.value(atPercentile: 99)
        dispatchLagMax = generator.dispatchLag.max
        isCut = generator.isCut
        let end = Duration.nanoseconds(generator.lastEnd)
        elapsed = isCut ? end : max(end, options.duration)
        fingerprint = "\(generator.fingerprint)"
    }

    /// Good answers per second of the time that it all took.
    package var achievedRate: Double {
        elapsed > .zero ? Double(counts.ok) / elapsed.seconds : 0
    }

    /// Good answers as a share of what was planned in that time.
    package var rateRatio: Double {
        counts.planned > 0 && elapsed > .zero
            ? achievedRate / (Double(counts.planned) / min(elapsed, options.duration).seconds) : 0
    }

    /// The generator kept up with its plan, so the figures are the server's.
    package var isValid: Bool {
        counts.planned > 0 && counts.accounted && counts.inFlight == 0
            && dispatchLagP99 <= Self.lagMax && counts.neverSent * 100 <= counts.planned
    }
}

extension LoadSummary {
    /// A few aligned lines.
    package var text: String {
        let rows: [(String, String)] = [
            ("url", options.url.description),
            (
                "plan",
                "\(options.arrivals.rawValue), \(Self.rate(options.rate)) for "
                    + "\(Quantity.text(options.duration)), seed \(options.seed), "
                    + "plan \(fingerprint)"
            ),
            ("planned", "\(counts.planned)\(isCut ? " (cut short)" : "")"),
            ("ok", "\(counts.ok)"),
            ("failed", Self.kinds(counts.failed, counts.unknown, counts.statuses)),
            ("unsent", "\(counts.shed) shed, \(counts.neverSent) never sent"),
            ("rate", "\(Self.rate(achievedRate)) good, \(Self.percent(rateRatio)) of plan"),
            (
                "latency",
                (percentiles.map { "\($0.name) \(Self.milliseconds($0.latency))" }
                    + ["max \(Self.milliseconds(latencyMax))"]).joined(separator: ", ")
            ),
            (
                "dispatch lag",
                "p99 \(Self.milliseconds(dispatchLagP99)), "
                    + "max \(Self.milliseconds(dispatchLagMax))"
            ),
        ]
        let lines = rows.map { name, value in
            name + String(repeating: " ", count: 14 - name.count) + value
        }
        let warning =
            isValid || counts.planned == 0
            ? [] : ["invalid: the generator could not keep up with its plan"]
        return (lines + warning).joined(separator: "\n") + "\n"
    }

    package var json: JSON {
        [
            "url": .string(options.url.description),
            "seed": .string("\(options.seed)"),
            "arrivals": .string(options.arrivals.rawValue),
            "fingerprint": .string(fingerprint),
            "targetRate": .number(options.rate),
            "durationNanoseconds": .integer(options.duration.nanoseconds),
            "elapsedNanoseconds": .integer(elapsed.nanoseconds),
            "connections": .integer(Int64(options.connections)),
            "timeoutNanoseconds": .integer(options.timeout.nanoseconds),
            "planned": .integer(Int64(counts.planned)),
            "sent": .integer(Int64(counts.sent)),
            "ok": .integer(Int64(counts.ok)),
            "failed": LoadStats.object(counts.failed),
            "unknown": LoadStats.object(counts.unknown),
            "timedOut": .integer(Int64(counts.timedOut)),
            "shed": .integer(Int64(counts.shed)),
            "neverSent": .integer(Int64(counts.neverSent)),
            "statuses": LoadStats.object(
                Dictionary(uniqueKeysWithValues: counts.statuses.map { ("\($0)", $1) })),
            "achievedRate": .number(achievedRate),
            "rateRatio": .number(rateRatio),
            "latencyNanoseconds": .object(
                percentiles.map { ($0.name, .integer($0.latency)) }
                    + [("max", .integer(latencyMax)), ("mean", .number(latencyMean))]),
            "dispatchLagNanoseconds": [
                "p99": .integer(dispatchLagP99), "max": .integer(dispatchLagMax),
            ],
            "cut": .bool(isCut),
            "valid": .bool(isValid),
        ]
    }

    private static func kinds(
        _ failed: [String: Int], _ unknown: [String: Int], _ statuses: [Int: Int]
    ) -> String {
        let total = failed.values.reduce(0, +) + unknown.values.reduce(0, +)
        if total == 0 { return "0" }
        let kinds = failed.merging(unknown, uniquingKeysWith: +).sorted { $0.key < $1.key }
        let answers = statuses.sorted { $0.key < $1.key }
        let parts =
            kinds.map { "\($0.value) \($0.key)" } + answers.map { "\($0.value) with \($0.key)" }
        return "\(total): " + parts.joined(separator: ", ")
    }

    private static func milliseconds(_ nanoseconds: Int64) -> String {
        "\(decimal(Double(nanoseconds) / 1e6, places: 3)) ms"
    }

    private static func rate(_ rate: Double) -> String { "\(decimal(rate, places: 1))/s" }

    private static func percent(_ share: Double) -> String {
        "\(decimal(share * 100, places: 1))%"
    }

    private static func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        let fraction = String(scaled % Int64(scale))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(scaled / Int64(scale)).\(zeros)\(fraction)"
    }
}
