// Latency and loss: the packets of a direction take the way through the link emulator, which holds
// them back or drops them by a seeded plan.
//
// The proof has three parts. The kernel lists the rule that leads each direction to the emulator.
// Probes between the very nodes come late or go missing as promised. And the same probes through a
// link that nobody touched show none of it, so that a slow host is not taken for a slow link.

import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class ImpairmentFault: Fault {
    private let links: [TargetLink]
    private let impairment: Impairment
    private let network: Links
    private let probe: LinkProbe
    private let untouched: @ReactorActor () -> Direction?

    /// `untouched` finds a direction that no fault acts on at the time, as the yardstick.
    init(
        _ links: [TargetLink], _ impairment: Impairment, network: Links, probe: LinkProbe,
        untouched: @escaping @ReactorActor () -> Direction?
    ) {
        self.links = links
        self.impairment = impairment
        self.network = network
        self.probe = probe
        self.untouched = untouched
    }

    var promise: [Evidence] {
        var promise: [Evidence] = []
        if impairment.delay > .zero {
            promise.append(Evidence("delay", impairment.delay.milliseconds))
            promise.append(Evidence("jitter", impairment.jitter.milliseconds))
        }
        if impairment.loss > 0 {
            promise.append(Evidence("loss", LossProof.percent(impairment.loss)))
        }
        return promise
    }
    var targets: [String] { links.map(\.name) }

    func inject() throws(FaultError) {
        do {
            for link in links {
                try network.impair(from: link.direction.from, to: link.direction.to, impairment)
            }
        } catch {
            throw .system(error)
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        try proveStanding()
        var count = 20
        if impairment.loss > 0 {
            count = max(count, LossProof.probes(for: impairment.loss) / max(1, links.count))
        }
        let measured = try await measure(
            links.map(\.direction), count: count, burst: impairment.loss > 0 ? 8 : 1)
        var evidence: [Evidence] = []
        if impairment.delay > .zero {
            evidence += try DelayProof(impairment).judge(measured)
        }
        if impairment.loss > 0 { evidence += try LossProof(impairment).judge(measured) }
        return evidence + (try await proveUntouched())
    }

    func proveStanding() throws(FaultError) {
        let standing = try impaired()
        if let free = links.first(where: { !standing.contains($0.direction) }) {
            throw .unproven("the kernel has no rule that impairs \(free.name)")
        }
    }

    func heal() throws(FaultError) {
        do {
            for link in links {
                try network.heal(from: link.direction.from, to: link.direction.to)
            }
        } catch {
            throw .system(error)
        }
    }

    /// The rules are gone, and probes arrive that are not late. A direction that a partition cuts
    /// meanwhile cannot be measured; there the rules alone have to do. And nothing was dropped all
    /// the while that the plan did not drop.
    func proveHealed() async throws(FaultError) -> [Evidence] {
        let tally = try EmulatorProof.judge(
            links.compactMap { link in
                network.counters(from: link.direction.from, to: link.direction.to)
            })
        return try await proveAsBefore() + tally
    }

    private func proveAsBefore() async throws(FaultError) -> [Evidence] {
        let standing = try impaired()
        if let rest = links.first(where: { standing.contains($0.direction) }) {
            throw .unproven("\(rest.name) is still impaired")
        }
        let cut: Set<Direction>
        do {
            cut = try network.blocked()
        } catch {
            throw .system(error)
        }
        let open = links.map(\.direction).filter { !cut.contains($0) }
        let measured = try await measure(open, count: 5)
        let bound = max(impairment.delay / 2, .milliseconds(5))
        for link in measured {
            guard link.received == link.sent, let delay = link.delay(atShare: 0.5), delay < bound
            else { throw .unproven("\(link.direction) is not as before: \(link.summary)") }
        }
        guard let slowest = measured.compactMap({ $0.delay(atShare: 0.5) }).max() else {
            return [Evidence("delay after", "not measured, every direction is cut")]
        }
        return [Evidence("delay after", slowest.milliseconds)]
    }

    /// On a link without a fault probes arrive, and not as late as the fault would have them.
    private func proveUntouched() async throws(FaultError) -> [Evidence] {
        guard let direction = untouched() else { return [] }
        let before = try await measure([direction], count: 10)
        guard let beside = before.first, let delay = beside.delay(atShare: 0.5) else {
            throw .unproven("nothing arrives over an untouched link either: \(direction)")
        }
        let isLate = impairment.delay > .milliseconds(5) && delay >= impairment.delay / 2
        let isLossy = impairment.loss > 0.5 && beside.lossRatio > impairment.loss / 2
        if isLate || isLossy {
            throw .unproven("an untouched link is no better: \(direction): \(beside.summary)")
        }
        return [Evidence("untouched link", delay.milliseconds)]
    }

    private func impaired() throws(FaultError) -> Set<Direction> {
        do {
            return try network.impaired()
        } catch {
            throw .system(error)
        }
    }

    /// What the fault adds: a distance between regions is no part of it.
    private func measure(
        _ directions: [Direction], count: Int, burst: Int = 1
    ) async throws(FaultError) -> [LinkMeasurement] {
        do {
            let distances = directions.map { network.standing(on: $0)?.delay ?? .zero }
            let measured = try await probe.measure(
                directions, count: count, burst: burst,
                patience: impairment.delay + impairment.jitter + (distances.max() ?? .zero)
                    + .milliseconds(60))
            return zip(measured, distances).map { $0.without($1) }
        } catch {
            throw .system(error)
        }
    }
}
