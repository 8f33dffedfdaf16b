// How many requests may be in hand at once, found by latency, after Envoy's adaptive concurrency.
//
//     gradient = clamp((least latency + buffer) / sampled latency, 0.5 ... 2)
//     limit    = gradient x limit + sqrt(limit)
//
// Below capacity latency stays at its least, the gradient is near 1 and the root lets the limit grow.
// Past capacity requests only queue: latency rises and the limit falls to about what the tier can work
// on at once, so that who is let in is still served in time. Envoy measures the least latency by
// holding all traffic back to a few requests now and then; here it is the least of the last windows,
// which turns nobody away. A window in which the limit was not used says nothing about growing.

package import Blueprint
import Linux

package struct GradientLimit: Sendable {
    /// The sampled latency is this quantile of a window's, as in Envoy's example.
    static let quantile = 0.9
    /// How much above the least latency is still no queue; a share of it, and a fixed part for noise.
    static let bufferShare = 0.5
    static let bufferSeconds = 0.005
    /// Windows over which the least latency is remembered.
    static let windowsMax = 300
    static let samplesMax = 512
    static let samplesMin = 8

    private let settings: AdmissionSettings
    private(set) var value: Double
    private var samples: [Double] = []
    /// Least sampled latency of each of the last windows, in seconds.
    private var leasts: [Double] = []
    private var leastNext = 0
    /// Requests in hand at most within this window.
    private var inHandMax = 0

    package init(_ settings: AdmissionSettings) {
        self.settings = settings
        value = Double(min(settings.limitMax, max(settings.limitMin, 64)))
        samples.reserveCapacity(Self.samplesMax)
    }

    /// Requests that may be in hand.
    package var limit: Int { Int(value) }

    package mutating func noteInHand(_ count: Int) { inHandMax = max(inHandMax, count) }

    /// How long an admitted request took, timeouts too.
    package mutating func note(_ latency: Duration) {
        if samples.count < Self.samplesMax { samples.append(max(0, latency.seconds)) }
    }

    /// The end of a window; one with too few samples goes on.
    package mutating func update() {
        guard samples.count >= Self.samplesMin else { return }
        samples.sort()
        let sampled = samples[Int(Double(samples.count - 1) * Self.quantile)]
        remember(samples[samples.count / 2])
        let least = leasts.reduce(.infinity, min)
        let buffer = least * Self.bufferShare + Self.bufferSeconds
        let gradient = min(2, max(0.5, (least + buffer) / max(sampled, 1e-6)))
        var next = gradient * value + value.squareRoot()
        if next > value, Double(inHandMax) < value / 2 { next = value }
        value = min(Double(settings.limitMax), max(Double(settings.limitMin), next))
        samples.removeAll(keepingCapacity: true)
        inHandMax = 0
    }

    private mutating func remember(_ least: Double) {
        if leasts.count < Self.windowsMax {
            leasts.append(least)
        } else {
            leasts[leastNext] = least
            leastNext = (leastNext + 1) % Self.windowsMax
        }
    }
}
