// Packets treated badly: those of a direction take the way through the link emulator, which holds
// them back, drops, doubles or damages them by a seeded plan.
//
// The proof has three parts. The kernel lists the rule that leads each direction to the emulator.
// Probes between the very nodes come late, go missing, come twice as promised. And the same probes
// through a link that nobody touched show none of it, so that a slow host is not taken for a slow
// link. What other faults do to the same link is known and taken off.

import Experiment
import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class ImpairmentFault: Fault {
    /// What this fault lays on its links, beside what others do there.
    let layer: LinkLayer
    private let links: [TargetLink]
    private let impairment: Impairment
    private let network: Links
    private let probe: LinkProbe
    private let untouched: @ReactorActor () -> Direction?
    /// The emulator's books when the fault was injected.
    private var countersBefore: [Direction: LinkCounters] = [:]
    /// Links whose rate is measured: a probe fills a link, so not all at once.
    private static let floodedMax = 2

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
        layer = network.makeLayer()
    }

    var promise: [Evidence] { impairment.promise }
    var targets: [String] { links.map(\.name) }

    func inject() throws(FaultError) {
        for direction in directions {
            countersBefore[direction] = network.counters(from: direction.from, to: direction.to)
        }
        do {
            try network.impair(directions, impairment, as: layer)
        } catch {
            throw .system(error)
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        try proveStanding()
        let evidence = try await proveRate() + proveShares()
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
            try network.heal(directions, as: layer)
        } catch {
            throw .system(error)
        }
    }

    /// The rules are gone, and probes arrive that are not late. A direction that a partition cuts
    /// meanwhile cannot be measured; there the rules alone have to do. And nothing was dropped all
    /// the while that the plan did not drop.
    func proveHealed() async throws(FaultError) -> [Evidence] {
        let tally = try EmulatorProof.judge(directions.compactMap(counters))
        return try await proveAsBefore() + tally
    }

    private var directions: [Direction] { links.map(\.direction) }

    private func counters(_ direction: Direction) -> LinkCounters? {
        network.counters(from: direction.from, to: direction.to)
            .map { $0.since(countersBefore[direction] ?? LinkCounters()) }
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
        let open = directions.filter { !cut.contains($0) }
        let measured = try await measure(open, count: 5)
        let bound = max((impairment.delay?.base ?? .zero) / 2, .milliseconds(5))
        for link in measured {
            let around = surroundings(link.direction)
            let isWhole = link.received == link.sent && link.damaged == 0
            let limit = bound + around.jitter
            guard isWhole || around.missing > 0, let delay = link.delay(atShare: 0.5),
                delay < limit || around.isQueued
            else { throw .unproven("\(link.direction) is not as before: \(link.summary)") }
        }
        guard let slowest = measured.compactMap({ $0.delay(atShare: 0.5) }).max() else {
            return [Evidence("delay after", "not measured, every direction is cut")]
        }
        return [Evidence("delay after", slowest.milliseconds)]
    }

    private func impaired() throws(FaultError) -> Set<Direction> {
        do {
            return try network.impaired(by: layer)
        } catch {
            throw .system(error)
        }
    }

    private func surroundings(_ direction: Direction) -> Surroundings {
        Surroundings(network.impairments(of: direction, beside: layer))
    }

    /// What the fault adds: a distance between regions is no part of it.
    private func measure(
        _ directions: [Direction], among: [Surroundings]? = nil, count: Int, burst: Int = 1,
        interval: Duration = .microseconds(200), size: Int = 32
    ) async throws(FaultError) -> [LinkMeasurement] {
        do {
            let around = among ?? directions.map(surroundings)
            let furthest = around.map { $0.delay + $0.jitter }.max() ?? .zero
            let measured = try await probe.measure(
                directions, count: count, burst: burst, interval: interval,
                patience: impairment.latest + furthest + .milliseconds(60), size: size)
            return zip(measured, around).map { $0.without($1.delay) }
        } catch {
            throw .system(error)
        }
    }
}

extension ImpairmentFault {
    /// What single probes show: delays, and the shares of those that something befell.
    private func proveShares() async throws(FaultError) -> [Evidence] {
        guard let count = impairment.probes else { return [] }
        let errorsBefore = try checksumErrors()
        let share = max(20, count.isShare ? count.probes / max(1, links.count) : count.probes)
        let measured = try await measure(
            directions, count: share, burst: count.isShare ? 8 : 1)
        let around = directions.map(surroundings)
        var evidence: [Evidence] = []
        if let delay = impairment.delay {
            let proof = DelayProof(
                delay, slack: around.map(\.jitter).max() ?? .zero,
                isQueued: around.contains { $0.isQueued })
            evidence += try proof.judge(measured)
        }
        for promised in impairment.shares {
            let samples = zip(measured, around).map { promised.sample($0, $1) }
            evidence += try ShareProof(promised.what, spread: promised.spread).judge(samples)
        }
        return evidence + (try proveChecksums(since: errorsBefore))
    }

    /// Damage that the receivers' kernels noticed, which tells it from loss.
    private func proveChecksums(since before: Int?) throws(FaultError) -> [Evidence] {
        guard let before, let after = try checksumErrors() else { return [] }
        guard after > before else {
            throw .unproven("no receiver has seen a wrong checksum")
        }
        return [Evidence("wrong checksums at the receivers", "\(after - before)")]
    }

    /// Nil where no checksum is to be wrong.
    private func checksumErrors() throws(FaultError) -> Int? {
        guard impairment.corruption?.checksum == .broken else { return nil }
        do {
            return try probe.checksumErrors(at: Set(directions.map(\.to)))
        } catch {
            throw .system(error)
        }
    }

    private func proveRate() async throws(FaultError) -> [Evidence] {
        guard let limit = impairment.rate else { return [] }
        let proof = RateProof(limit)
        let flooded = Array(directions.prefix(Self.floodedMax))
        let before = flooded.compactMap(counters).reduce(0) { $0 + $1.seen }
        let measured = try await measure(
            flooded, count: proof.count, burst: proof.burst, interval: RateProof.interval,
            size: proof.size)
        let seen = flooded.compactMap(counters).reduce(0) { $0 + $1.seen } - before
        return try proof.judge(measured, others: seen - measured.reduce(0) { $0 + $1.sent })
    }

    /// On a link without a fault probes arrive, and not as late as the fault would have them.
    private func proveUntouched() async throws(FaultError) -> [Evidence] {
        guard let direction = untouched() else { return [] }
        // A distance is no fault; anything else makes it no yardstick.
        let distance = Surroundings([network.standing(on: direction)].compactMap { $0 })
        let before = try await measure([direction], among: [distance], count: 10)
        guard let beside = before.first, let delay = beside.delay(atShare: 0.5) else {
            throw .unproven("nothing arrives over an untouched link either: \(direction)")
        }
        let promised = impairment.delay?.base ?? .zero
        let isLate = promised > .milliseconds(5) && delay >= promised / 2
        let missing = impairment.missing
        let isLossy = missing > 0.5 && beside.lossRatio > missing / 2
        if isLate || isLossy || beside.doubled + beside.damaged > 0 {
            throw .unproven("an untouched link is no better: \(direction): \(beside.summary)")
        }
        return [Evidence("untouched link", delay.milliseconds)]
    }
}
