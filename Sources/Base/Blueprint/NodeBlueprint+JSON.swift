// The file form of a blueprint. Durations are whole nanoseconds under names that say so, and the
// seed is a string, since it has 64 bits and many JSON readers keep 53.
//
//     {"name": "cache-1", "listen": "10.3.0.1:6379", "dataFolder": "/run/cache-1", "seed": "7",
//      "tier": "cache", "settings": {"memoryLimit": 67108864}}

import Linux
package import Wire

extension NodeBlueprint {
    /// Reads what `json` writes; members with defaults may be absent.
    package init(json: JSON) throws(BlueprintError) {
        let members = try Members(json, at: "")
        try members.allow([
            "name", "listen", "dataFolder", "seed", "metrics", "log", "tier", "settings",
        ])
        let tier = try members.string("tier")
        guard let kind = TierKind(rawValue: tier) else {
            throw BlueprintError(member: "tier", problem: .unknownWord(tier))
        }
        let settings = try Members(try members.required("settings"), at: "settings")
        self.init(
            name: try members.string("name"), listen: try members.address("listen"),
            dataFolder: try members.string("dataFolder"),
            seed: try Self.seed(try members.required("seed")),
            metrics: members.optional("metrics") == nil ? nil : try members.address("metrics"),
            settings: try TierSettings(kind, settings))
        try members.read("log", into: &log)
    }

    package var json: JSON {
        .object(
            [
                ("name", .string(name)), ("listen", .string("\(listen)")),
                ("dataFolder", .string(dataFolder)), ("seed", .string("\(seed)")),
            ] + (metrics.map { [("metrics", .string("\($0)"))] } ?? [])
                + (log == .trouble ? [] : [("log", .string(log.rawValue))]) + [
                    ("tier", .string(settings.tier.rawValue)), ("settings", settings.json),
                ])
    }

    /// A string as we write it, or the plain number that a person writes.
    private static func seed(_ json: JSON) throws(BlueprintError) -> UInt64 {
        if let seed = json.string.flatMap(UInt64.init) { return seed }
        if let seed = json.int64.flatMap(UInt64.init(exactly:)) { return seed }
        throw BlueprintError(member: "seed", problem: .notA("a whole number of 64 bits"))
    }
}

extension TierSettings {
    init(_ kind: TierKind, _ members: Members) throws(BlueprintError) {
        switch kind {
        case .balancer: self = .balancer(try BalancerSettings(members))
        case .edge: self = .edge(try EdgeSettings(members))
        case .app: self = .app(try AppSettings(members))
        case .cache: self = .cache(try CacheSettings(members))
        case .store: self = .store(try StoreSettings(members))
        case .queue: self = .queue(try QueueSettings(members))
        case .worker: self = .worker(try WorkerSettings(members))
        case .geodns: self = .geodns(try GeoDNSSettings(members))
        }
    }

    var json: JSON {
        switch self {
        case .balancer(let settings): settings.json
        case .edge(let settings): settings.json
        case .app(let settings): settings.json
        case .cache(let settings): settings.json
        case .store(let settings): settings.json
        case .queue(let settings): settings.json
        case .worker(let settings): settings.json
        case .geodns(let settings): settings.json
        }
    }
}

extension NamedAddress {
    init(json: JSON, at path: String) throws(BlueprintError) {
        let members = try Members(json, at: path)
        try members.allow(["name", "address"])
        self.init(name: try members.string("name"), address: try members.address("address"))
    }

    var json: JSON { ["name": .string(name), "address": .string("\(address)")] }
}

extension [NamedAddress] {
    var json: JSON { .array(map(\.json)) }
}

extension [[NamedAddress]] {
    var json: JSON { .array(map(\.json)) }
}

extension Duration {
    var json: JSON { .integer(nanoseconds) }
}

extension Int {
    var json: JSON { .integer(Int64(self)) }
}
