// The file form of a DNS server's settings.

import Linux
import Wire

extension GeoDNSSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "zone", "nameServers", "regions", "endpoints", "records", "ttlNanoseconds",
            "staticTTLNanoseconds", "answersMax", "check", "checkPath",
            "checkIntervalNanoseconds", "checkTimeoutNanoseconds", "rise", "fall", "statusPort",
            "payloadMax", "connectionsMax", "idleTimeoutNanoseconds",
        ])
        let zone = try members.string("zone")
        guard DNSName(zone) != nil else { throw members.notA("a domain name", "zone") }
        let port = try members.integer("statusPort", from: 0)
        guard let statusPort = UInt16(exactly: port) else {
            throw members.notA("a port", "statusPort")
        }
        self.init(
            zone: zone, nameServers: try members.addresses("nameServers"),
            regions: try Self.list(members, "regions", GeoRegion.init),
            endpoints: try Self.list(members, "endpoints", GeoEndpoint.init),
            statusPort: statusPort)
        if members.optional("records") != nil {
            records = try Self.list(members, "records", GeoRecord.init)
        }
        try members.read("ttl", into: &ttl)
        try members.read("staticTTL", into: &staticTTL)
        try members.read("answersMax", into: &answersMax, from: 1)
        try members.read("check", into: &check)
        try members.read("checkPath", into: &checkPath)
        try members.read("checkInterval", into: &checkInterval)
        try members.read("checkTimeout", into: &checkTimeout)
        try members.read("rise", into: &rise, from: 1)
        try members.read("fall", into: &fall, from: 1)
        try members.read("payloadMax", into: &payloadMax, from: 512)
        try members.read("connectionsMax", into: &connectionsMax, from: 1)
        try members.read("idleTimeout", into: &idleTimeout)
        try checkRegions(members)
    }

    private static func list<Element>(
        _ members: Members, _ key: String, _ read: (Members) throws(BlueprintError) -> Element
    ) throws(BlueprintError) -> [Element] {
        var list: [Element] = []
        for (json, path) in try members.elements(key) {
            list.append(try read(try Members(json, at: path)))
        }
        return list
    }

    /// Every region that is named anywhere is one of the list.
    private func checkRegions(_ members: Members) throws(BlueprintError) {
        let known = Set(regions.map(\.name))
        for (index, endpoint) in endpoints.enumerated() where !known.contains(endpoint.region) {
            throw BlueprintError(
                member: "\(members.member("endpoints"))[\(index)].region",
                problem: .unknownWord(endpoint.region))
        }
        for (index, region) in regions.enumerated() {
            guard let stray = region.fallbacks.first(where: { !known.contains($0) }) else {
                continue
            }
            throw BlueprintError(
                member: "\(members.member("regions"))[\(index)].fallbacks",
                problem: .unknownWord(stray))
        }
    }

    var json: JSON {
        [
            "zone": .string(zone), "nameServers": nameServers.json,
            "regions": .array(regions.map(\.json)), "endpoints": .array(endpoints.map(\.json)),
            "records": .array(records.map(\.json)), "ttlNanoseconds": ttl.json,
            "staticTTLNanoseconds": staticTTL.json, "answersMax": answersMax.json,
            "check": .string(check.rawValue), "checkPath": .string(checkPath),
            "checkIntervalNanoseconds": checkInterval.json,
            "checkTimeoutNanoseconds": checkTimeout.json, "rise": rise.json, "fall": fall.json,
            "statusPort": .integer(Int64(statusPort)), "payloadMax": payloadMax.json,
            "connectionsMax": connectionsMax.json, "idleTimeoutNanoseconds": idleTimeout.json,
        ]
    }
}

extension GeoRegion {
    fileprivate init(_ members: Members) throws(BlueprintError) {
        try members.allow(["name", "networks", "fallbacks"])
        self.init(
            name: try members.string("name"), networks: try members.networks("networks"),
            fallbacks: try members.strings("fallbacks"))
    }

    fileprivate var json: JSON {
        [
            "name": .string(name),
            "networks": .array(networks.map { .string("\($0)") }),
            "fallbacks": .array(fallbacks.map { .string($0) }),
        ]
    }
}

extension GeoEndpoint {
    fileprivate init(_ members: Members) throws(BlueprintError) {
        try members.allow(["name", "address", "region", "weight", "checkPath"])
        self.init(
            name: try members.string("name"), address: try members.address("address"),
            region: try members.string("region"))
        try members.read("weight", into: &weight, from: 1)
        if members.optional("checkPath") != nil { checkPath = try members.string("checkPath") }
    }

    fileprivate var json: JSON {
        .object(
            [
                ("name", .string(name)), ("address", .string("\(address)")),
                ("region", .string(region)), ("weight", weight.json),
            ] + (checkPath.map { [("checkPath", .string($0))] } ?? []))
    }
}

extension GeoRecord {
    fileprivate init(_ members: Members) throws(BlueprintError) {
        try members.allow(["name", "type", "value"])
        let type = try members.string("type")
        guard let kind = Kind(rawValue: type) else {
            throw BlueprintError(member: members.member("type"), problem: .unknownWord(type))
        }
        self.init(name: try members.string("name"), kind: kind, value: try members.string("value"))
    }

    fileprivate var json: JSON {
        ["name": .string(name), "type": .string(kind.rawValue), "value": .string(value)]
    }
}
