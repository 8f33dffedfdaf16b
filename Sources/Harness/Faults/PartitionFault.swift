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
    private static let probes = 3

    init(_ links: [TargetLink], network: Links, probe: LinkProbe) {
        self.links = links
        self.network = network
        self.probe = probe
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

    /// The kernel lists every rule, and no probe crosses.
    func prove() async throws(FaultError) -> [Evidence] {
        let measured = try await crossing()
        guard let leak = measured.first(where: { $0.received > 0 }) else {
            let sent = measured.reduce(0) { $0 + $1.sent }
            return [Evidence("probes crossed", "0 of \(sent)")]
        }
        throw .unproven("\(leak.received) of \(leak.sent) probes crossed \(leak.direction)")
    }

    func heal() throws(FaultError) {
        do {
            let standing = try network.blocked()
            try network.unblock(directions.filter { standing.contains($0) })
        } catch {
            throw .system(error)
        }
    }

    func proveHealed() async throws(FaultError) -> [Evidence] {
        let standing: Set<Direction>
        do {
            standing = try network.blocked()
        } catch {
            throw .system(error)
        }
        if let rest = directions.first(where: { standing.contains($0) }) {
            throw .unproven("\(rest) is still cut")
        }
        let measured = try await crossing()
        guard let silent = measured.first(where: { $0.received == 0 }) else {
            let received = measured.reduce(0) { $0 + $1.received }
            let sent = measured.reduce(0) { $0 + $1.sent }
            return [Evidence("probes crossed again", "\(received) of \(sent)")]
        }
        throw .unproven("nothing crosses \(silent.direction) after the heal")
    }

    private var directions: [Direction] { links.map(\.direction) }

    private func crossing() async throws(FaultError) -> [LinkMeasurement] {
        do {
            return try await probe.measure(
                directions, count: Self.probes, patience: .milliseconds(60))
        } catch {
            throw .system(error)
        }
    }
}
