// Regions, the distances between them, and the DNS server that they are for.

import Blueprint
import Linux
import Testing
import Wire

@testable import Experiment

struct RegionTests {
    private static let text = """
        apiVersion: faultline/v1
        kind: Topology
        name: world
        entry: dns
        wan:
          - {between: [eu, us], delay: 40ms, jitter: 2ms}
          - {between: [ap, us], delay: 60ms}
          - {between: [ap, eu], delay: 90ms}
        tiers:
          dns: {role: geodns, regions: [eu, us], to: [web-eu, web], ttl: 1s, weights: {web: 3}}
          web-eu: {role: balancer, region: eu, count: 2, to: app}
          web: {role: balancer, regions: [us, ap], to: app}
          app: {role: app, count: 1, cache: cache, store: store, queue: queue}
          cache: {role: cache}
          store: {role: store, shards: 2, replicas: 3, regions: [us, us, eu]}
          queue: {role: queue}
        """

    private func load(_ part: String = "", _ replacement: String = "") throws -> Topology {
        let text = part.isEmpty ? Self.text : try edit(Self.text, part, replacement)
        return try Sample.loadTopology(text)
    }

    private func settings(_ topology: Topology) throws -> GeoDNSSettings {
        let nodes = topology.plan(folder: "/run", seed: 1)
        let node = try #require(nodes.first { $0.name == "dns-1" })
        guard case .builtin(let blueprint, _) = node.program,
            case .geodns(let settings) = blueprint.settings
        else { throw TargetError.empty(selection: "dns-1") }
        return settings
    }

    @Test func `nodes go round the regions of their tier, and one a region is usual`() throws {
        let topology = try load()
        let regions = topology.plan(folder: "/run", seed: 1).reduce(into: [:]) {
            $0[$1.name] = $1.region
        }
        #expect(topology.regions == ["eu", "us", "ap"])
        #expect(regions["dns-1"] == "eu")
        #expect(regions["dns-2"] == "us")
        #expect(regions["web-eu-2"] == "eu")
        #expect(regions["web-1"] == "us")
        #expect(regions["web-2"] == "ap")
        #expect(regions["store-1-3"] == "eu")
        #expect(regions["store-2-1"] == "us")
        #expect(regions["cache-1"] == nil)
    }

    @Test func `the distances are read`() throws {
        let topology = try load()
        #expect(topology.wideAreaLink("us", "eu")?.delay == .milliseconds(40))
        #expect(topology.wideAreaLink("us", "eu")?.jitter == .milliseconds(2))
        #expect(topology.wideAreaLink("eu", "eu") == nil)
        #expect(try load("- {between: [ap, us], delay: 60ms}", "").wideArea.count == 2)
    }

    @Test func `the server learns its zone, the networks and the way to the nearest`() throws {
        let settings = try settings(try load())
        #expect(settings.nameServers.map(\.name) == ["dns-1", "dns-2"])
        #expect(settings.endpoints.map(\.name) == ["web-eu-1", "web-eu-2", "web-1", "web-2"])
        #expect(settings.endpoints.map(\.region) == ["eu", "eu", "us", "ap"])
        #expect(settings.endpoints.map(\.weight) == [1, 1, 3, 3])
        #expect(settings.regions.map(\.name) == ["eu", "us", "ap"])
        #expect(settings.regions.map(\.fallbacks) == [["us", "ap"], ["eu", "ap"], ["us", "eu"]])
        let european = settings.regions[0].networks
        for (text, isEuropean) in [
            ("10.254.1.1", true), ("10.2.0.2", true), ("10.1.0.1", true), ("10.1.0.2", false),
            ("10.254.2.1", false), ("10.3.0.1", false),
        ] {
            let address = try #require(IPv4Address(text))
            #expect(european.contains { $0.contains(address) } == isEuropean)
        }
        #expect(settings.ttl == .seconds(1))
    }

    @Test func `names may lead to edges, which say elsewhere that they are ready`() throws {
        let text = try edit(
            try edit(Self.text, "to: [web-eu, web]", "to: [cdn, web]"),
            "  web: {role", "  cdn: {role: edge, to: web-eu, region: us}\n  web: {role")
        let topology = try Sample.loadTopology(text)
        let endpoints = try settings(topology).endpoints
        #expect(endpoints.map(\.name) == ["cdn-1", "web-1", "web-2"])
        #expect(endpoints.map(\.region) == ["us", "us", "ap"])
        #expect(endpoints.map(\.checkPath) == ["/-/ready", "/health/ready", "/health/ready"])
        let given = try edit(text, "ttl: 1s", "ttl: 1s, check-path: /up")
        let told = try settings(try Sample.loadTopology(given))
        #expect(told.checkPath == "/up")
        #expect(told.endpoints.allSatisfy { $0.checkPath == nil })
    }

    @Test func `it is asked for its health on a port of its own`() throws {
        let node = try #require(
            try load().plan(folder: "/run", seed: 1).first { $0.name == "dns-2" })
        #expect(node.listen.port == 5353)
        #expect(node.probeAddress.port == 8053)
        #expect(node.ready == .http(path: "/health/ready"))
    }

    @Test(arguments: [
        ("region: eu, count", "region: eu, regions: [eu], count", "either \"region\" or"),
        ("regions: [us, ap]", "regions: []", "names none"),
        ("between: [ap, us]", "between: [ap, uss]", "unknown region"),
        ("between: [ap, us]", "between: [us, us]", "two different regions"),
        ("between: [ap, us]", "between: [eu, us]", "linked twice"),
        ("jitter: 2ms", "jitter: 50ms", "\"jitter\" is above"),
        ("weights: {web: 3}", "weights: {app: 3}", "unknown tier"),
        ("weights: {web: 3}", "weights: {web: 0}", "below the least"),
        ("weights: {web: 3}", "networks: {xx: [10.0.0.0/8]}", "unknown region"),
        ("weights: {web: 3}", "networks: {eu: [10.0.0.1/8]}", "not a network"),
        ("weights: {web: 3}", "zone: a..b", "not a domain"),
        ("weights: {web: 3}", "check: icmp", "unknown check"),
        ("weights: {web: 3}", "records: [{name: x, type: MX, value: y}]", "unknown type"),
        ("weights: {web: 3}", "records: [{name: \"a.*\", type: TXT, value: y}]", "not a domain"),
        ("weights: {web: 3}", "records: [{name: \"*.\", type: TXT, value: y}]", "not a domain"),
        ("to: [web-eu, web]", "to: [web-eu, web-eu]", "named twice"),
        ("to: [web-eu, web]", "to: []", "names no tier"),
        ("to: [web-eu, web]", "to: cache", "must serve as"),
    ])
    func `a slip is refused`(part: String, replacement: String, wanted: String) throws {
        let text = try edit(Self.text, part, replacement)
        let found = try headlines { try Sample.loadTopology(text) }
        #expect(found.contains { $0.contains(wanted) }, "\(found)")
    }

    @Test func `the keys of the schema are those of the loader`() throws {
        let text = try edit(Self.text, "role: geodns", "qqqqqqqqqqqq: 1, role: geodns")
        let found = try headlines { try Sample.loadTopology(text) }
        let line = try #require(found.first { $0.contains("qqqqqqqqqqqq") })
        let list = try #require(line.split(separator: " takes ").last)
        let schema = ExperimentSchema.tiers.first { $0["properties"]?["to"]?["oneOf"] != nil }
        let keys = try #require(schema?["properties"]?.object).map(\.0)
        #expect(Set(keys) == Set(list.split(separator: ", ").map(String.init)))
    }

    @Test(arguments: [
        ("region eu", ["dns-1", "web-eu-1", "web-eu-2", "store-1-3", "store-2-3"]),
        ("region ap", ["web-2"]),
    ])
    func `a region is a target`(text: String, nodes: [String]) throws {
        let roster = try load().plan(folder: "/run", seed: 1).map(\.rosterNode)
        let selection = try NodeSelection(parsing: text)
        #expect(selection.description == text)
        #expect(Set(try selection.resolve(roster: roster) { _ in 0 }) == Set(nodes))
    }

    @Test func `an amount of a region is drawn from all its nodes`() throws {
        let roster = try load().plan(folder: "/run", seed: 1).map(\.rosterNode)
        let selection = try NodeSelection(parsing: "2 of region eu")
        #expect(selection.description == "2 of region eu")
        #expect(try selection.resolve(roster: roster) { _ in 0 }.count == 2)
    }
}
