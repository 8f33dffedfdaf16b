// Which region an address belongs to: of all networks that hold it, the longest decides, as in a
// routing table. Networks may lie within each other, so they are first cut into ranges that do not,
// and a search among those is all that a query costs.
//
// The cut also answers how far an answer holds, which a resolver must be told (RFC 7871 section 7.2.1):
// the widest network around the client that lies within one range. The network from the file would
// be too wide wherever a smaller one is cut out of it.

package import Blueprint
package import Linux

package struct RegionMap: Sendable {
    /// Addresses from `first` up to the next range's belong to one region.
    private struct Range {
        let first: UInt32
        let region: Int
    }

    /// Ascending; the first begins at 0, and neighbours differ in region.
    private let ranges: [Range]

    /// An address that no network holds belongs to the first region.
    package init(_ regions: [GeoRegion]) {
        let networks = regions.enumerated()
            .flatMap { index, region in region.networks.map { (network: $0, region: index) } }
        var edges: Set<UInt32> = [0]
        for (network, _) in networks {
            edges.insert(network.first)
            if network.last < .max { edges.insert(network.last + 1) }
        }
        var ranges: [Range] = []
        for edge in edges.sorted() {
            let holder =
                networks
                .filter { $0.network.contains(IPv4Address(rawValue: edge)) }
                .max { $0.network.prefix < $1.network.prefix }
            let region = holder?.region ?? 0
            if ranges.last?.region != region { ranges.append(Range(first: edge, region: region)) }
        }
        self.ranges = ranges
    }

    package func region(of address: IPv4Address) -> Int {
        ranges[place(of: address.rawValue)].region
    }

    /// The region, and the length of the widest network around the address that lies in it whole.
    package func regionAndScope(of address: IPv4Address) -> (region: Int, scope: UInt8) {
        let place = place(of: address.rawValue)
        let last = place + 1 < ranges.count ? ranges[place + 1].first - 1 : .max
        var prefix = 0
        while prefix < 32 {
            let network = IPv4Network(address, prefix: prefix)
            if network.first >= ranges[place].first, network.last <= last { break }
            prefix += 1
        }
        return (ranges[place].region, UInt8(prefix))
    }

    /// The last range that begins at or before an address.
    private func place(of address: UInt32) -> Int {
        var (low, high) = (0, ranges.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if ranges[middle].first <= address { low = middle } else { high = middle }
        }
        return low
    }
}
