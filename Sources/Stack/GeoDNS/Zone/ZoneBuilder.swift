// Puts a zone together from its settings:
//
//     faultline.test.              SOA, NS, and the endpoints
//     www.faultline.test.          the endpoints
//     dns-1.faultline.test.        A, a server of the zone
//     balancer-eu-1...             A, one endpoint, whatever its health
//     docs...                      what `records` says
//     *.docs...                    the same for all names below that are not there themselves

import Blueprint
import Linux
import Wire

struct ZoneBuilder {
    /// The name below the apex that leads to the endpoints as well.
    static let serviceLabel = "www"

    let apex: DNSName
    let authority: StartOfAuthority
    /// In seconds.
    let staticTTL: UInt32
    private(set) var nodes: [Zone.Node] = []
    private(set) var nameServerAddresses: [DNSRecord] = []

    init(_ settings: GeoDNSSettings) throws(BlueprintError) {
        apex = try Self.name(settings.zone, "settings.zone").lowercased
        staticTTL = settings.staticTTL.wholeSeconds
        let first = settings.nameServers.first?.name ?? "ns"
        authority = StartOfAuthority(
            primary: try Self.name("\(first).\(settings.zone)", "settings.nameServers"),
            mailbox: try Self.name("hostmaster.\(settings.zone)", "settings.zone"),
            serial: 1, refresh: 3600, retry: 600, expire: 86_400,
            minimum: settings.ttl.wholeSeconds)
        nodes = [Zone.Node(name: apex)]
        nodes[0].leadsToEndpoints = true
        nodes[place(of: try name(Self.serviceLabel, settings, "settings.zone"))]
            .leadsToEndpoints = true
        try addServers(settings)
        for (index, endpoint) in settings.endpoints.enumerated() {
            let name = try name(endpoint.name, settings, "settings.endpoints[\(index)].name")
            add(.a(endpoint.address.ip.rawValue), to: name)
        }
        for (index, record) in settings.records.enumerated() {
            try add(record, settings, "settings.records[\(index)]")
        }
    }

    private mutating func addServers(_ settings: GeoDNSSettings) throws(BlueprintError) {
        for (index, server) in settings.nameServers.enumerated() {
            let name = try name(server.name, settings, "settings.nameServers[\(index)].name")
            let address = DNSData.a(server.address.ip.rawValue)
            add(.ns(name), to: apex)
            add(address, to: name)
            nameServerAddresses.append(DNSRecord(name, ttl: staticTTL, address))
        }
    }

    private mutating func add(
        _ record: GeoRecord, _ settings: GeoDNSSettings, _ member: String
    ) throws(BlueprintError) {
        let isWildcard = record.name == "*" || record.name.hasPrefix("*.")
        let owner = isWildcard ? String(record.name.dropFirst(2)) : record.name
        let name = owner.isEmpty ? apex : try name(owner, settings, "\(member).name")
        guard let data = Self.data(of: record) else {
            throw BlueprintError(
                member: "\(member).value", problem: .notA("a value of type \(record.kind.rawValue)")
            )
        }
        add(data, to: name, isWildcard ? \.wildcard : \.sets)
    }

    private static func data(of record: GeoRecord) -> DNSData? {
        switch record.kind {
        case .a: IPv4Address(record.value).map { .a($0.rawValue) }
        case .aaaa: IPv6Address(record.value).map { .aaaa(high: $0.high, low: $0.low) }
        case .txt: record.value.utf8.count <= 4096 ? .txt(record.value) : nil
        }
    }

    private mutating func add(
        _ data: DNSData, to name: DNSName,
        _ sets: WritableKeyPath<Zone.Node, [RecordSet]> = \.sets
    ) {
        let place = place(of: name)
        if let set = nodes[place][keyPath: sets].firstIndex(where: { $0.type == data.type }) {
            if !nodes[place][keyPath: sets][set].data.contains(data) {
                nodes[place][keyPath: sets][set].data.append(data)
            }
        } else {
            nodes[place][keyPath: sets].append(
                RecordSet(type: data.type, data: [data], ttl: staticTTL))
        }
    }

    /// The node of a name, made with all those between it and the apex: they exist too, if only to
    /// have names below them (RFC 8020).
    private mutating func place(of name: DNSName) -> Int {
        if let place = nodes.firstIndex(where: { $0.name == name }) { return place }
        if let parent = name.parent { _ = place(of: parent) }
        nodes.append(Zone.Node(name: name))
        return nodes.count - 1
    }

    private func name(
        _ label: String, _ settings: GeoDNSSettings, _ member: String
    ) throws(BlueprintError) -> DNSName {
        try Self.name("\(label).\(settings.zone)", member).lowercased
    }

    private static func name(_ text: String, _ member: String) throws(BlueprintError) -> DNSName {
        guard let name = DNSName(text) else {
            throw BlueprintError(member: member, problem: .notA("part of a domain name"))
        }
        return name
    }
}
