// A zone with three regions and four endpoints, and queries to it.

import Blueprint
import Linux
import Testing
import Wire

@testable import GeoDNS

enum GeoSample {
    static func settings() throws -> GeoDNSSettings {
        let networks = try ["10.254.1.0/24", "10.254.2.0/24", "10.254.3.0/24"].map {
            try #require(IPv4Network($0))
        }
        let names = ["eu", "us", "ap"]
        let regions = names.indices.map { index in
            GeoRegion(
                name: names[index], networks: [networks[index]],
                // From ap, us is nearer than eu.
                fallbacks: index == 2 ? ["us", "eu"] : names.filter { $0 != names[index] })
        }
        var settings = GeoDNSSettings(
            zone: "faultline.test",
            nameServers: [address("dns-1", 1, 1, 5353), address("dns-2", 1, 2, 5353)],
            regions: regions,
            endpoints: [
                endpoint("web-eu-1", 2, 1, "eu"), endpoint("web-eu-2", 2, 2, "eu"),
                endpoint("web-us-1", 3, 1, "us"), endpoint("web-ap-1", 4, 1, "ap"),
            ], statusPort: 0)
        settings.records = [
            GeoRecord(name: "docs", kind: .aaaa, value: "2001:db8::7"),
            GeoRecord(name: "big", kind: .txt, value: String(repeating: "t", count: 1500)),
            GeoRecord(name: "deep.below", kind: .txt, value: "hello"),
        ]
        return settings
    }

    private static func address(_ name: String, _ tier: UInt8, _ index: UInt8, _ port: UInt16)
        -> NamedAddress
    {
        NamedAddress(
            name: name, address: SocketAddress(ip: IPv4Address(10, tier, 0, index), port: port))
    }

    private static func endpoint(_ name: String, _ tier: UInt8, _ index: UInt8, _ region: String)
        -> GeoEndpoint
    {
        GeoEndpoint(
            name: name, address: address(name, tier, index, 8080).address, region: region)
    }

    static func query(
        _ name: String, _ type: DNSType = .a, edns: EDNS? = nil,
        _ questionClass: DNSClass = .internet
    ) throws -> DNSMessage {
        let name = try #require(DNSName(name))
        return DNSMessage(id: 77, asking: DNSQuestion(name, type, questionClass), edns: edns)
    }

    static let european = IPv4Address(10, 254, 1, 9)
}

extension Responder {
    /// The answer to a message, read back; nil for silence.
    mutating func reply(
        to query: DNSMessage, from client: IPv4Address = GeoSample.european,
        over transport: DNSTransport = .datagram
    ) throws -> DNSMessage? {
        try reply(to: query.encoded(), from: client, over: transport)
    }

    mutating func reply(
        to query: [UInt8], from client: IPv4Address = GeoSample.european,
        over transport: DNSTransport = .datagram
    ) throws -> DNSMessage? {
        guard answer(query.span, from: client, over: transport) else { return nil }
        let bytes = bytes
        return try DNSMessage.parse(bytes.span)
    }
}

extension DNSMessage {
    /// The last byte but one of each address: the tier, which is the region here.
    var addresses: [IPv4Address] {
        answers.compactMap {
            if case .a(let address) = $0.data { IPv4Address(rawValue: address) } else { nil }
        }
    }
}
