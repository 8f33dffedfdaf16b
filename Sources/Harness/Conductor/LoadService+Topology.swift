// What users are told of a stack whose entry is a name: nothing but the name and who can resolve it.

import Blueprint
import Experiment
import Linux
import Load

extension Topology {
    /// How users find the service; nil where they know the entry's address.
    var loadService: LoadService? {
        guard let entry = tier(named: entry),
            case .builtin(.geodns(let spec)) = entry.program,
            let port = spec.to.first.flatMap(tier(named:))?.port
        else { return nil }
        return LoadService(
            name: spec.serviceName, servers: addresses(of: entry).map(\.address), port: port,
            sources: regions.compactMap(clientAddress(in:)))
    }

    /// The tiers that answer users' requests: those behind the entry where it is a name.
    var servingTiers: [String] {
        guard let entry = tier(named: entry), case .builtin(.geodns(let spec)) = entry.program
        else { return [entry] }
        return spec.to
    }
}
