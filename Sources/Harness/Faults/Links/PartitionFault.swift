// Partition: packets of the cut directions vanish in the router, open connections included. Nobody
// is told, as when a switch dies: no reset, no ICMP, only silence.

import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class PartitionFault: Fault {
    private let links: [TargetLink]
    private let network: Links
    private let probe: LinkProbe
    private let healTimeout: Duration
    private static let probes = 3

    init(
        _ links: [TargetLink], network: Links, probe: LinkProbe,
        healTimeout: Duration = .seconds(2)
    ) {
        self.links = links
        self.network = network
        self.probe = probe
        self.healTimeout = healTimeout
    }

    var promise: [Evidence] { [Evidence("directions cut", "\(links.count)")] }
    var targets: [String] { links.map(\.name) }

    func inject() throws(FaultError) {
        do {
            try network.block(directions)
        } catch {
            throw .system(error)
        }
    }

    /// The kernel lists every rule, and no probe crosses: silence alone may have other causes.
    func prove() async throws(FaultError) -> [Evidence] {
        try proveStanding()
        let measured = try await crossing(directions)
        guard let leak = measured.first(where: { $0.received > 0 }) else {
            let sent = measured.reduce(0) { $0 + $1.sent }
            return [Evidence("probes crossed", "0 of \(sent)")]
        }
        throw .unproven("\(leak.received) of \(leak.sent) probes crossed \(leak.direction)")
    }

    func proveStanding() throws(FaultError) {
        let standing = try blocked()
        if let open = links.first(where: { !standing.contains($0.direction) }) {
            throw .unproven("the kernel has no rule that cuts \(open.name)")
        }
    }

    func heal() throws(FaultError) {
        let standing = try blocked()
        let left = directions.filter { standing.contains($0) }
        if left.isEmpty { return }
        do {
            try network.unblock(left)
        } catch {
            throw .system(error)
        }
    }

    /// The rules are gone and each direction is crossed again. Asked more than once, since a fault
    /// of another step may lose or delay what crosses.
    func proveHealed() async throws(FaultError) -> [Evidence] {
        let standing = try blocked()
        if let rest = links.first(where: { standing.contains($0.direction) }) {
            throw .unproven("\(rest.name) is still cut")
        }
        let deadline = MonotonicTime.now() + healTimeout
        var silent = directions
        var (sent, received) = (0, 0)
        repeat {
            let measured = try await crossing(silent)
            sent += measured.reduce(0) { $0 + $1.sent }
            received += measured.reduce(0) { $0 + $1.received }
            silent = measured.filter { $0.received == 0 }.map(\.direction)
        } while !silent.isEmpty && .now() < deadline
        guard let first = silent.first else {
            return [Evidence("probes crossed again", "\(received) of \(sent)")]
        }
        throw .unproven("nothing crosses \(first) after the heal")
    }

    private var directions: [Direction] { links.map(\.direction) }

    private func blocked() throws(FaultError) -> Set<Direction> {
        do {
            return try network.blocked()
        } catch {
            throw .system(error)
        }
    }

    /// The longest way that a probe has beside this fault.
    private var distance: Duration {
        directions.map { direction in
            let around = Surroundings(network.impairments(of: direction))
            return around.delay + around.jitter
        }.max() ?? .zero
    }

    private func crossing(
        _ directions: [Direction]
    ) async throws(FaultError) -> [LinkMeasurement] {
        do {
            return try await probe.measure(
                directions, count: Self.probes, patience: distance + .milliseconds(60))
        } catch {
            throw .system(error)
        }
    }
}
