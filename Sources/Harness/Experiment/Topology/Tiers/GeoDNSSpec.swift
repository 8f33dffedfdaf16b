// A DNS server in a topology. Its zone, regions and networks follow from the rest of the file: an
// endpoint is in the region of its node, and a client in the region that its address is from.

package import Blueprint
package import Linux
import Wire

package struct GeoDNSSpec: Sendable, Equatable {
    /// The tiers that answers lead to.
    package var to: [String]
    package var zone = "faultline.test"
    package var ttl: Duration = .seconds(2)
    package var check = HealthCheckKind.http
    /// Nil keeps the server's own default, here and below.
    package var checkPath: String?
    package var interval: Duration?
    package var timeout: Duration?
    package var rise: Int?
    package var fall: Int?
    package var answers: Int?
    package var statusPort: UInt16 = 8053
    /// By tier; 1 where a tier has none.
    package var weights: [String: Int] = [:]
    /// Further networks of a region, by its name.
    package var networks: [String: [IPv4Network]] = [:]
    package var records: [GeoRecord] = []

    package init(to: [String]) { self.to = to }

    /// What a user asks for.
    package var serviceName: String { "www.\(zone)" }
}

extension GeoDNSSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        let list: JSON = ["type": "array", "minItems": 1, "items": ExperimentSchema.reference]
        let networks: JSON = ["type": "array", "items": ["type": "string"]]
        return [
            ("to", ["oneOf": [ExperimentSchema.reference, list]]),
            ("zone", ExperimentSchema.text("as faultline.test")),
            ("ttl", ExperimentSchema.ref("duration")),
            ("check", ExperimentSchema.words(HealthCheckKind.self)),
            ("check-path", ["type": "string", "pattern": "^/[^\\s]*$"]),
            ("interval", ExperimentSchema.ref("duration")),
            ("timeout", ExperimentSchema.ref("duration")),
            ("rise", ExperimentSchema.integer(from: 1)),
            ("fall", ExperimentSchema.integer(from: 1)),
            ("answers", ExperimentSchema.integer(from: 1)),
            ("status-port", ExperimentSchema.ref("port")),
            (
                "weights",
                ["type": "object", "additionalProperties": ExperimentSchema.integer(from: 1)]
            ),
            ("networks", ["type": "object", "additionalProperties": networks]),
            ("records", ["type": "array", "items": record]),
        ]
    }

    private static var record: JSON {
        ExperimentSchema.object(
            [
                ("name", ExperimentSchema.text("below the zone, as docs")),
                ("type", ExperimentSchema.words(GeoRecord.Kind.self)),
                ("value", ExperimentSchema.text("an address, or a text")),
            ], required: ["name", "type", "value"])
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let to = reader.references(&fields, "to", [.edge, .balancer, .app])
        var spec = GeoDNSSpec(to: to)
        spec.zone = fields.optional("zone", domain) ?? spec.zone
        spec.ttl =
            fields.optional("ttl", Checked.duration(.seconds(1) ... .seconds(86_400)))
            ?? spec.ttl
        spec.check =
            fields.optional("check", Checked.word("check", HealthCheckKind.self)) ?? spec.check
        spec.checkPath = fields.optional("check-path", TierReader.urlPath)
        let times = Duration.milliseconds(10) ... .seconds(60)
        spec.interval = fields.optional("interval", Checked.duration(times))
        spec.timeout = fields.optional("timeout", Checked.duration(times))
        spec.rise = fields.optional("rise", Checked.integer(1...100))
        spec.fall = fields.optional("fall", Checked.integer(1...100))
        spec.answers = fields.optional("answers", Checked.integer(1...20))
        spec.statusPort = fields.optional("status-port", Checked.port) ?? spec.statusPort
        let log = reader.log
        fields.take("weights").map { spec.readWeights($0, log) }
        fields.take("networks").map { spec.readNetworks($0, log) }
        fields.take("records").map { spec.readRecords($0, log) }
        return to.isEmpty ? nil : .geodns(spec)
    }

    var references: [String] { to }
    var probePort: UInt16? { statusPort }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = GeoDNSSettings(
            zone: zone, nameServers: topology.addresses(of: tier), regions: regions(topology),
            endpoints: endpoints(topology), statusPort: statusPort)
        settings.records = records
        settings.ttl = ttl
        settings.check = check
        settings.checkPath = checkPath ?? settings.checkPath
        settings.checkInterval = interval ?? settings.checkInterval
        settings.checkTimeout = timeout ?? min(settings.checkTimeout, settings.checkInterval)
        settings.rise = rise ?? settings.rise
        settings.fall = fall ?? settings.fall
        settings.answersMax = answers ?? settings.answersMax
        return .geodns(settings)
    }

    /// A topology without regions is one region.
    private func regions(_ topology: Topology) -> [GeoRegion] {
        let names = topology.regions
        guard !names.isEmpty else { return [GeoRegion(name: "all", networks: [], fallbacks: [])] }
        return names.map { name in
            GeoRegion(
                name: name, networks: topology.networks(of: name) + (networks[name] ?? []),
                fallbacks: topology.neighbours(of: name))
        }
    }

    /// A node without a region serves the first one. Each kind says at a path of its own whether
    /// it is ready; a path in the topology is for all of them.
    private func endpoints(_ topology: Topology) -> [GeoEndpoint] {
        let home = topology.regions.first ?? "all"
        return to.compactMap(topology.tier(named:)).flatMap { tier in
            zip(topology.addresses(of: tier), tier.places).map { node, place in
                var endpoint = GeoEndpoint(
                    name: node.name, address: node.address, region: tier.region(at: place) ?? home)
                endpoint.weight = weights[tier.name] ?? 1
                if checkPath == nil, case .http(let path) = tier.ready { endpoint.checkPath = path }
                return endpoint
            }
        }
    }
}
