// Topologies: what a good one means, and the slips that only show when all tiers are known.

import Blueprint
import Testing

@testable import Experiment

/// All keys of a balancer, as the reader lists them.
private let balancerKeys =
    (["role", "region", "regions", "count", "port", "budget", "log", "to"]
    + BalancerKey.all.map(\.key))
    .joined(separator: ", ")

struct TopologyReaderTests {
    @Test func `a good topology becomes typed tiers`() throws {
        let topology = try Sample.loadTopology(Sample.topology)
        #expect(topology.name == "stack")
        #expect(topology.entry == "balancer")
        #expect(
            topology.tiers.map(\.name) == ["balancer", "app", "cache", "store", "queue", "worker"])
        #expect(topology.tiers.map(\.count) == [1, 3, 1, 6, 3, 2])
        #expect(topology.tiers.map(\.port) == [8080, 8080, 6379, 7000, 7100, 7200])
        #expect(topology.tiers[3].peerPort == 7001)
        #expect(topology.tiers[0].ready == .http(path: "/health/ready"))
        #expect(topology.tiers[3].roleProbe == .resp(["ROLE"]))
        #expect(
            topology.tiers[5].program
                == .builtin(.worker(WorkerSpec(queue: "queue", store: "store"))))
    }

    @Test func `a program of others is known by what it serves`() throws {
        let tier = try #require(try Sample.loadTopology(Sample.topology).tier(named: "cache"))
        #expect(tier.kind == .cache)
        #expect(tier.ready == .resp(["PING"]))
        #expect(tier.roleProbe == nil)
        guard case .exec(let exec) = tier.program else {
            Issue.record("an exec tier is not ours")
            return
        }
        #expect(exec.arguments[1].parts == [.value(.files), .text("/redis.conf")])
        #expect(exec.environment.map(\.name) == ["TZ"])
        #expect(exec.files.map(\.name) == ["redis.conf"])
    }

    @Test(arguments: [
        (
            "entry: balancer", "entry: balanser",
            ["4:8: error: unknown tier \"balanser\"; did you mean \"balancer\"?"]
        ),
        (
            "entry: balancer", "entry: store",
            [
                "4:8: error: users cannot talk to a store; the entry is an edge, a balancer, an app "
                    + "or a geodns"
            ]
        ),
        ("to: app", "to: ap", ["6:34: error: unknown tier \"ap\"; did you mean \"app\"?"]),
        (
            "to: app", "to: store",
            [
                "6:34: error: tier \"store\" must serve as app or balancer, but it serves a "
                    + "store; did you mean \"app\"?"
            ]
        ),
        (
            "to: app", "policy: random, to: app",
            [
                "6:38: error: unknown policy \"random\"; valid here: round-robin, "
                    + "least-connections, two-choices, consistent-hash"
            ]
        ),
        (
            "to: app", "to: app, memory: 1MiB",
            [
                "6:39: error: unknown key \"memory\"; tier balancer takes \(balancerKeys)"
            ]
        ),
        (
            "to: app", "to: app, try-timeout: 3s",
            ["6:52: error: \"try-timeout\", 3s, is longer than \"request-timeout\", 2s"]
        ),
        (
            "to: app", "to: app, retry-budget: 120%",
            ["6:53: error: 120% is not between 0 and 1, or 0% and 100%"]
        ),
        (
            "to: app", "to: app, head-max: 1MiB",
            ["6:49: error: 1MiB is above the greatest value, 64KiB"]
        ),
        ("role: app,", "role: apq,", ["7:15: error: unknown role \"apq\"; did you mean \"app\"?"]),
        (
            "role: store,", "role: store, capacity: 512KiB,",
            ["15:34: error: 512KiB is below the least value, 1024KiB"]
        ),
        (
            "role: store,", "role: store, reads: leese,",
            ["15:31: error: unknown kind of read \"leese\"; did you mean \"lease\"?"]
        ),
        (
            "role: app, count: 3", "role: app, count: 0",
            ["7:27: error: 0 is below the least value, 1"]
        ),
        (
            "role: app, count: 3", "role: app, count: 201",
            ["7:27: error: 201 is above the greatest value, 200"]
        ),
        (
            "role: app, count: 3", "count: 3",
            ["7:3: error: tier app needs the key \"role\", or \"exec\" for another program"]
        ),
        (
            "cache: cache, store: store", "cache: cache",
            ["7:8: error: tier app needs the key \"store\""]
        ),
        (
            "serves: cache", "serves: chache",
            ["10:13: error: unknown role \"chache\"; did you mean \"cache\"?"]
        ),
        (
            "serves: cache", "role: cache",
            [
                "10:11: error: a tier has either \"role\" or \"exec\"; say \"serves\" for "
                    + "what it stands for"
            ]
        ),
        ("    port: 6379\n", "", ["9:5: error: tier cache needs the key \"port\""]),
        (
            "port: 6379", "port: 80",
            ["11:11: error: port 80 is below 1024, and nodes run without the right to it"]
        ),
        ("port: 6379", "port: 70000", ["11:11: error: 70000 is above the greatest value, 65535"]),
        (
            "port: 6379", "port: 6379\n    peer-port: 6379",
            ["12:16: error: port clash: \"port\" and \"peer-port\" of tier cache are both 6379"]
        ),
        (
            "{TZ: UTC}", "{A=B: c}",
            ["12:19: error: \"A=B\" cannot be a variable of the environment"]
        ),
        ("{redis.conf: \"port", "{a/b: \"port", ["13:13: error: \"a/b\" is not a bare file name"]),
        (
            "port {{port}}", "port {{prot}}",
            ["13:31: error: unknown placeholder \"prot\"; did you mean \"port\"?"]
        ),
        ("port {{port}}", "port {{port", ["13:31: error: \"{{\" without \"}}\""]),
        (
            "port {{port}}", "port {{peer-port}}",
            ["13:25: error: {{peer-port}} has no value: tier cache has no \"peer-port\""]
        ),
        (
            "port {{port}}", "at {{address.of.stroe}}",
            ["13:42: error: unknown tier \"stroe\"; did you mean \"store\"?"]
        ),
        ("port {{port}}", "at {{address.of.worker}}", []),
        ("port {{port}}", "at {{address.of.worker.2}}", []),
        (
            "port {{port}}", "at {{address.of.worker.3}}",
            ["13:42: error: tier \"worker\" has no node 3; it has 2"]
        ),
        ("port {{port}}", "at {{addresses.of.cache}}", []),
        (
            "port {{port}}", "at {{address.of.app}}",
            ["13:42: error: cyclic reference: app -> cache -> app"]
        ),
        ("{resp: [PING]}", "{resp: []}", ["14:19: error: \"resp\" is empty"]),
        (
            "{resp: [PING]}", "{rest: [PING]}",
            [
                "14:13: error: unknown key \"rest\"; did you mean \"resp\"?"
            ]
        ),
        (
            "{resp: [PING]}", "{http: health}",
            ["14:19: error: \"health\" is not a path such as /health; did you mean \"/health\"?"]
        ),
        (
            "{resp: [PING]}", "{tcp: true, http: /}",
            [
                "14:12: error: \"ready\" is one of {tcp: true}, {http: /path}, {resp: "
                    + "[PING]} and {command: [...]}"
            ]
        ),
        (
            "{resp: [PING]}", "{tcp: true}\n    role-probe: {tcp: true}",
            ["15:17: error: a connection alone does not tell a role"]
        ),
        (
            "replicas: 3", "replicas: 3, count: 6",
            ["15:55: error: \"count\" follows from \"shards\" and \"replicas\" here"]
        ),
        (
            "replicas: 3", "replicas: 3, acknowledge: minority",
            ["15:61: error: unknown acknowledgement \"minority\"; did you mean \"majority\"?"]
        ),
        (
            "replicas: 3", "replicas: 3, port: 7001",
            ["15:54: error: port clash: \"port\" and \"peer-port\" of tier store are both 7001"]
        ),
        (
            "{role: queue}", "{role: queue, count: 2}",
            ["16:31: error: \"count\" follows from \"replicas\" here"]
        ),
        (
            "{role: queue}", "{role: queue, replicas: 8}",
            ["16:34: error: 8 is above the greatest value, 7"]
        ),
        (
            "{role: queue}", "{role: queue, port: 7101}",
            ["16:30: error: port clash: \"port\" and \"peer-port\" of tier queue are both 7101"]
        ),
        (
            "queue: queue, store: store}\n", "queue: queue, store: store, work: 5}\n",
            ["17:70: error: \"5\" has no unit; write 5ms, 5s or 5m"]
        ),
        (
            "  worker:", "  client:",
            ["17:3: error: \"client\" is a name that the harness uses itself"]
        ),
        (
            "  worker:", "  Worker:",
            ["17:3: error: a name is made of a-z, 0-9 and dashes, not \"W\""]
        ),
        (
            "  worker:", "  app-2:",
            ["17:3: error: duplicate name \"app-2\": tiers app and app-2 both have it"]
        ),
        ("  worker:", "  app:", ["17:3: error: key \"app\" appears twice; first on line 7"]),
    ])
    func `a slip is refused with its place and the right word`(
        part: String, replacement: String, expected: [String]
    ) throws {
        guard let range = Sample.topology.ranges(of: part).last else {
            Issue.record("\"\(part)\" does not occur")
            return
        }
        let text = Sample.topology.replacingCharacters(in: range, with: replacement)
        let expected = expected.map { "stack.yaml:" + $0 }
        if expected.isEmpty {
            #expect(throws: Never.self) { try Sample.loadTopology(text) }
        } else {
            let found = try headlines { try Sample.loadTopology(text) }
            #expect(expected.allSatisfy(found.contains), "\(found)")
        }
    }

    @Test func `balancers that point at each other are a circle`() throws {
        let text = """
            apiVersion: faultline/v1
            kind: Topology
            name: circle
            entry: a
            tiers:
              a: {role: balancer, to: b}
              b: {role: balancer, to: c}
              c: {role: balancer, to: a}
            """
        #expect(
            try headlines { try Sample.loadTopology(text) }
                == ["stack.yaml:8:27: error: cyclic reference: a -> b -> c -> a"])
    }

    @Test func `shards and numbers that make the same name are refused`() throws {
        let text = """
            apiVersion: faultline/v1
            kind: Topology
            name: clash
            entry: x
            tiers:
              x: {exec: [true], port: 8080}
              store: {role: store, shards: 2}
              store-1: {exec: [true], count: 3, port: 9000}
            """
        #expect(
            try headlines { try Sample.loadTopology(text) }
                == [
                    "stack.yaml:8:3: error: duplicate name \"store-1-1\": tiers store and store-1 "
                        + "both have it"
                ])
    }
}

extension String {
    /// The text with a range replaced.
    fileprivate func replacingCharacters(
        in range: Range<String.Index>, with text: String
    ) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
