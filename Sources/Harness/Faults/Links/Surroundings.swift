// What acts on a link beside the fault that is to be proven: the distance between regions, and other
// faults. Probes meet all of it, so a proof must know what to take off.

import Experiment
import Testbed

/// What other layers do to the packets of one direction.
struct Surroundings {
    /// The sum of their delays.
    let delay: Duration
    /// How much later a packet may be by chance.
    let jitter: Duration
    /// The share of packets that they keep from arriving whole.
    let missing: Double
    /// The share that they double.
    let doubled: Double
    /// Whether a rate limit is among them.
    let isQueued: Bool

    init(_ impairments: [Impairment]) {
        delay = impairments.reduce(.zero) { $0 + ($1.delay?.base ?? .zero) }
        jitter = impairments.reduce(.zero) {
            $0 + ($1.delay?.jitter ?? .zero) + ($1.reordering?.delay ?? .zero)
        }
        missing = impairments.reduce(0) { either($0, $1.missing) }
        doubled = impairments.reduce(0) { either($0, $1.duplicate) }
        isQueued = impairments.contains { $0.rate != nil }
    }
}

extension Impairment {
    /// The share of packets that do not arrive: lost, or thrown away for a wrong checksum.
    var missing: Double {
        let broken = corruption.map { $0.checksum == .broken ? $0.ratio : 0 } ?? 0
        return either(loss?.ratio ?? 0, broken)
    }
}

/// The chance that at least one of two independent things happens.
func either(_ first: Double, _ second: Double) -> Double { 1 - (1 - first) * (1 - second) }
