// What each region's clients are told, worked out when an endpoint's health changes and not when a
// client asks: the region's own endpoints that may be answered, or those of the nearest region that
// has any.

package import Blueprint
import Linux

/// The endpoints that clients of one region are led to.
package struct Candidates: Sendable, Equatable {
    /// Their places among all endpoints.
    package fileprivate(set) var endpoints: [Int] = []
    /// In the same order; the first byte of each address is the highest.
    fileprivate(set) var addresses: [UInt32] = []
    fileprivate(set) var weights: [Int] = []
    /// The region whose endpoints these are.
    package fileprivate(set) var region: Int

    fileprivate init(region: Int) { self.region = region }

    var haveEqualWeights: Bool { weights.allSatisfy { $0 == weights[0] } }
}

package struct AnswerPlan: Sendable {
    /// By the client's region; empty only where the zone has no endpoint at all.
    package private(set) var candidates: [Candidates] = []
    private let regions: [GeoRegion]
    private let endpoints: [GeoEndpoint]
    /// Every region's own place first, then the others from near to far.
    private let orders: [[Int]]

    package init(_ settings: GeoDNSSettings) {
        regions = settings.regions
        endpoints = settings.endpoints
        let names = settings.regions.map(\.name)
        orders = settings.regions.indices.map { own in
            let near = [own] + settings.regions[own].fallbacks.compactMap(names.firstIndex)
            return near + names.indices.filter { !near.contains($0) }
        }
        update(answerable: endpoints.map { _ in true })
    }

    /// Takes in which endpoints may be answered, by their places.
    package mutating func update(answerable: [Bool]) {
        precondition(answerable.count == endpoints.count, "one flag an endpoint")
        candidates = orders.map { order in
            for region in order {
                let found = own(of: region, answerable)
                if !found.endpoints.isEmpty { return found }
            }
            return Candidates(region: order[0])
        }
    }

    private func own(of region: Int, _ answerable: [Bool]) -> Candidates {
        var candidates = Candidates(region: region)
        for (index, endpoint) in endpoints.enumerated()
        where answerable[index] && endpoint.region == regions[region].name {
            candidates.endpoints.append(index)
            candidates.addresses.append(endpoint.address.ip.rawValue)
            candidates.weights.append(endpoint.weight)
        }
        return candidates
    }
}
