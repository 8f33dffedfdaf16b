// Addresses find their region, and answers hold no further than the region goes.

import Blueprint
import Linux
import Testing

@testable import GeoDNS

struct RegionMapTests {
    private func map(_ networks: [(String, String)]) throws -> RegionMap {
        let names = ["eu", "us", "ap"]
        return RegionMap(
            try names.map { name in
                GeoRegion(
                    name: name,
                    networks: try networks.filter { $0.1 == name }.map {
                        try #require(IPv4Network($0.0))
                    }, fallbacks: [])
            })
    }

    private func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

    @Test(arguments: [
        ("10.0.0.1", 0, 9),  // beside the hole: the half of 10/8 without it
        ("10.200.0.1", 0, 9),
        ("10.64.0.1", 0, 10),
        ("10.16.0.1", 1, 12),  // the hole
        ("10.17.5.5", 2, 16),  // the hole in the hole
        ("192.0.2.1", 0, 1),  // in no network
        ("255.255.255.255", 2, 32),
        ("0.0.0.0", 0, 5),
    ])
    func `the longest network decides`(text: String, region: Int, leastScope: Int) throws {
        let map = try map([
            ("10.0.0.0/8", "eu"), ("10.16.0.0/12", "us"), ("10.17.0.0/16", "ap"),
            ("255.255.255.255/32", "ap"),
        ])
        let address = try address(text)
        let (found, scope) = map.regionAndScope(of: address)
        #expect(found == region)
        #expect(map.region(of: address) == region)
        // The answer must hold for the whole scope, and the next wider network must not.
        let network = IPv4Network(address, prefix: Int(scope))
        #expect(map.region(of: IPv4Address(rawValue: network.first)) == region)
        #expect(map.region(of: IPv4Address(rawValue: network.last)) == region)
    }

    @Test func `a scope never reaches into another region`() throws {
        let map = try map([("10.0.0.0/8", "eu"), ("10.128.0.0/25", "us")])
        let (region, scope) = map.regionAndScope(of: try address("10.128.0.200"))
        #expect(region == 0)
        #expect(scope == 25)
        #expect(map.regionAndScope(of: try address("10.128.0.1")).scope == 25)
    }

    @Test func `without networks there is one region for all`() throws {
        let map = try map([])
        let (region, scope) = map.regionAndScope(of: try address("1.2.3.4"))
        #expect(region == 0)
        #expect(scope == 0)
    }
}
