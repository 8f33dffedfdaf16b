// A blueprint must survive its file form whole, and a file with a slip must be refused by name.

import Linux
import Testing
import Wire

@testable import Blueprint

private let addresses = [
    NamedAddress(name: "a-1", address: SocketAddress(ip: IPv4Address(10, 1, 0, 1), port: 7000)),
    NamedAddress(name: "a-2", address: SocketAddress(ip: IPv4Address(10, 1, 0, 2), port: 7000)),
]

/// One blueprint a tier, with no setting left at its default.
private func samples() -> [TierSettings] {
    var balancer = BalancerSettings(backends: addresses)
    balancer.policy = .roundRobin
    balancer.checkPath = "/up"
    balancer.checkInterval = .milliseconds(1)
    balancer.checkTimeout = .milliseconds(2)
    balancer.rise = 3
    balancer.fall = 4
    balancer.connectTimeout = .milliseconds(5)
    balancer.tryTimeout = .milliseconds(6)
    balancer.requestTimeout = .milliseconds(7)
    balancer.drainTimeout = .milliseconds(9)
    changeAll(&balancer)
    var app = AppSettings(cache: addresses, shards: [addresses, []], queue: [addresses[1]])
    app.mode = .sticky
    app.layout = ShardLayout(.range, usersPerShard: 51)
    app.queuePartitions = 4
    app.sessions = .store
    app.reads = .followers
    app.work = .nanoseconds(4)
    app.storeTakesContext = true
    app.queueTakesContext = true
    app.cacheTakesContext = true
    app.sessionLifetime = .nanoseconds(1)
    app.cacheLifetime = .nanoseconds(2)
    app.requestTimeout = .nanoseconds(3)
    let replica = ReplicaAddress(id: 2, client: addresses[0], peer: addresses[1].address)
    var store = StoreSettings(shard: 1, shardCount: 2, replica: 2, replicas: [replica])
    store.shards = [[replica], [replica, replica]]
    store.layout = ShardLayout(.range, usersPerShard: 50)
    store.replication = .async
    store.heartbeat = .milliseconds(11)
    store.electionTimeout = .milliseconds(12)
    store.mapSize = 1 << 21
    store.reads = .lease
    let node = ReplicaAddress(id: 2, client: addresses[0], peer: addresses[1].address)
    var queue = QueueSettings(node: 2, nodes: [node], partitions: 4)
    queue.acknowledge = .leader
    queue.heartbeat = .milliseconds(13)
    queue.electionTimeout = .milliseconds(14)
    queue.tries = 3
    queue.retryDelayMin = .milliseconds(15)
    queue.retryDelayMax = .milliseconds(16)
    queue.session = .milliseconds(17)
    queue.retention = .seconds(18)
    queue.memory = 1 << 19
    var worker = WorkerSettings(queue: [addresses[0]], shards: [addresses])
    worker.layout = ShardLayout(.range, usersPerShard: 52)
    worker.partitions = 4
    worker.topic = "other"
    worker.group = "others"
    worker.heartbeat = .milliseconds(5)
    worker.concurrency = 2
    worker.work = .milliseconds(3)
    worker.visibility = .milliseconds(4)
    worker.acknowledge = .beforeEffect
    worker.idempotent = false
    worker.poison = 0.25
    worker.drainTimeout = .milliseconds(6)
    var region = GeoRegion(
        name: "eu", networks: [IPv4Network(IPv4Address(10, 1, 0, 0), prefix: 16)], fallbacks: [])
    region.fallbacks = ["eu"]
    var endpoint = GeoEndpoint(name: "b-1", address: addresses[0].address, region: "eu")
    endpoint.weight = 3
    var dns = GeoDNSSettings(
        zone: "shop.test", nameServers: addresses, regions: [region], endpoints: [endpoint],
        statusPort: 8054)
    dns.records = [GeoRecord(name: "docs", kind: .aaaa, value: "2001:db8::1")]
    dns.ttl = .seconds(3)
    dns.staticTTL = .seconds(4)
    dns.answersMax = 5
    dns.check = .tcp
    dns.checkPath = "/up"
    dns.checkInterval = .milliseconds(6)
    dns.checkTimeout = .milliseconds(7)
    dns.rise = 8
    dns.fall = 9
    dns.payloadMax = 513
    dns.connectionsMax = 11
    dns.idleTimeout = .seconds(12)
    var edge = EdgeSettings(origins: [addresses[0]])
    edge.shields = [addresses[1]]
    edge.memoryLimit = 1 << 20
    edge.objectBytesMax = 1 << 18
    edge.servesStale = false
    edge.staleWhileRevalidate = .milliseconds(1)
    edge.staleIfError = .milliseconds(2)
    edge.hitForMiss = .milliseconds(3)
    edge.errorPause = .milliseconds(4)
    edge.connectTimeout = .milliseconds(5)
    edge.originTimeout = .milliseconds(6)
    edge.originConnectionsMax = 7
    edge.connectionsMax = 8
    edge.requestBytesMax = 9
    edge.idleTimeout = .milliseconds(10)
    edge.drainTimeout = .milliseconds(11)
    return [
        .balancer(balancer), .edge(edge), .app(app), .cache(CacheSettings(memoryLimit: 5)),
        .store(store), .queue(queue), .worker(worker), .geodns(dns),
    ]
}

/// The rest of a balancer's settings.
private func changeAll(_ balancer: inout BalancerSettings) {
    balancer.hashKey = .path
    balancer.slowStart = .milliseconds(10)
    balancer.panicThreshold = 0.75
    balancer.outlier.isOn = false
    balancer.outlier.consecutiveFailures = 11
    balancer.outlier.interval = .milliseconds(12)
    balancer.outlier.ejectionBase = .milliseconds(13)
    balancer.outlier.ejectionMax = .milliseconds(14)
    balancer.outlier.ejectedShareMax = 0.5
    balancer.outlier.volumeMin = 15
    balancer.outlier.deviationThousandths = 16
    balancer.outlier.latencyFactor = 17
    balancer.outlier.latencyFloor = .milliseconds(18)
    balancer.retry.triesMax = 0
    balancer.retry.budgetShare = 0.125
    balancer.retry.budgetMinimum = 19
    balancer.retry.isBudgeted = false
    balancer.retry.hedgeAfter = .milliseconds(20)
    balancer.admission.inFlightMax = 21
    balancer.admission.backendConnectionsMax = 22
    balancer.admission.pendingMax = 23
    balancer.admission.sheds = true
    balancer.admission.limitMin = 24
    balancer.admission.limitMax = 25
    balancer.admission.limitInterval = .milliseconds(26)
    balancer.admission.clientRate = 27
    balancer.admission.clientBurst = 28
    balancer.admission.clientsMax = 29
    balancer.intake.connectionsMax = 30
    balancer.intake.headerTimeout = .milliseconds(31)
    balancer.intake.idleTimeout = .milliseconds(32)
    balancer.intake.bodyRateMin = 33
    balancer.intake.headBytesMax = 340
    balancer.intake.bodyBytesMax = 35
    balancer.intake.expectsProxy = true
    balancer.intake.sendsProxy = .v2
    balancer.intake.accessLog = .combined
    balancer.intake.accessLogRate = 36
}

struct BlueprintTests {
    private func blueprint(_ settings: TierSettings) -> NodeBlueprint {
        NodeBlueprint(
            name: "n-1", listen: addresses[0].address, dataFolder: "/data/n-1", seed: .max,
            metrics: addresses[1].address, settings: settings)
    }

    @Test(arguments: samples())
    func `a blueprint survives its file`(settings: TierSettings) throws {
        let original = blueprint(settings)
        let read = try NodeBlueprint(json: try JSON.parse(original.json.text))
        #expect(read == original)
    }

    @Test(arguments: samples())
    func `no member of the settings is left out of the file`(settings: TierSettings) throws {
        let written = try #require(settings.json.object).count
        let payload = try #require(Mirror(reflecting: settings).children.first).value
        #expect(written == Mirror(reflecting: payload).children.count)
    }

    @Test func `a node may have no place for its metrics`() throws {
        var original = blueprint(samples()[0])
        original.metrics = nil
        #expect(try NodeBlueprint(json: try JSON.parse(original.json.text)) == original)
    }

    @Test func `every tier has its sample`() {
        #expect(Set(samples().map(\.tier)) == Set(TierKind.allCases))
    }

    @Test func `members with defaults may be absent`() throws {
        let text = """
            {"name": "q", "listen": "10.1.0.1:7100", "dataFolder": "/d", "seed": 7,
             "tier": "worker", "settings": {"queue": [], "shards": []}}
            """
        let read = try NodeBlueprint(json: try JSON.parse(text))
        #expect(read.seed == 7)
        #expect(read.settings == .worker(WorkerSettings(queue: [], shards: [])))
    }

    @Test(arguments: [
        (#""acknowledge": "leader""#, StoreReplication.async),  // what it was called first
        (#""acknowledge": "majority""#, .majority),
        (#""replication": "async""#, .async),
        (#""replication": "majority""#, .majority),
        (#""replication": "async", "acknowledge": "leader""#, .async),
        (#""replication": "async", "acknowledge": "majority""#, nil),
        (#""replication": "sometimes""#, nil),
    ])
    func `a store is told how to replicate by either word, not against each other`(
        member: String, expected: StoreReplication?
    ) throws {
        let address = #"{"name": "s", "address": "10.1.0.1:7000"}"#
        let text = """
            {"name": "s", "listen": "10.1.0.1:7000", "dataFolder": "/d", "seed": 7,
             "tier": "store", "settings": {"shard": 0, "shardCount": 1, "replica": 1,
             "replicas": [{"id": 1, "client": \(address), "peer": "10.1.0.1:7001"}], \(member)}}
            """
        let json = try JSON.parse(text)
        guard let expected else {
            #expect(throws: BlueprintError.self) { try NodeBlueprint(json: json) }
            return
        }
        guard case .store(let store) = try NodeBlueprint(json: json).settings else {
            Issue.record("a store")
            return
        }
        #expect(store.replication == expected)
    }

    @Test(arguments: [
        (#""seed": "7""#, #""seed": "-7""#, "seed is not a whole number of 64 bits"),
        (#""tier": "worker""#, #""tier": "quark""#, "tier cannot be \"quark\""),
        (#"{"queue": [], "shards": []}"#, "[]", "settings is not an object"),
        (#""shards": []"#, #""shards": [], "visibility": 1"#, "settings.visibility is no known"),
        (
            #""shards": []"#, #""shards": [], "concurrency": 0"#,
            "settings.concurrency cannot be 0"
        ),
        (
            #""shards": []"#, #""shards": [], "visibilityNanoseconds": "1s""#,
            "settings.visibilityNanoseconds is not a whole number"
        ),
        (
            #""shards": []"#, #""shards": [], "poison": 1.5"#,
            "settings.poison is not a share from 0 to 1"
        ),
        (#""10.1.0.1:7100""#, #""10.1.0.1""#, "listen is not an address"),
        (#""name": "q", "#, "", "name is missing"),
    ])
    func `a slip is refused by the name of its member`(
        right: String, wrong: String, message: String
    ) throws {
        let good = """
            {"name": "q", "listen": "10.1.0.1:7100", "dataFolder": "/d", "seed": "7", \
            "tier": "worker", "settings": {"queue": [], "shards": []}}
            """
        let parts = good.split(separator: right, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let json = try JSON.parse(parts.joined(separator: wrong))
        let error = try #require(throws: BlueprintError.self) { try NodeBlueprint(json: json) }
        #expect(error.description.contains(message), "\(error)")
    }

    @Test func `an error inside a list names its element`() throws {
        let store = try #require(samples().first { $0.tier == .store })
        var json = blueprint(store).json.text
        json = json.split(separator: #""peer":"10.1.0.2:7000""#).joined(separator: #""peer":"x""#)
        let parsed = try JSON.parse(json)
        let error = try #require(throws: BlueprintError.self) { try NodeBlueprint(json: parsed) }
        #expect(error.member == "settings.replicas[0].peer")
    }

    @Test(arguments: [
        (#""outlier": {"ejectionMaxNanoseconds": 1}"#, "settings.outlier.ejectionMaxNanoseconds"),
        (#""outlier": {"intervalNanoseconds": 0}"#, "settings.outlier.intervalNanoseconds"),
        (#""retry": {"budgetShare": 1.5}"#, "settings.retry.budgetShare"),
        (#""retry": {"tries": 1}"#, "settings.retry.tries"),
        (#""admission": {"limitMin": 9, "limitMax": 8}"#, "settings.admission.limitMax"),
        (#""admission": 1"#, "settings.admission"),
        (#""intake": {"headBytesMax": 1000000}"#, "settings.intake.headBytesMax"),
        (#""intake": {"sendsProxy": "v3"}"#, "settings.intake.sendsProxy"),
        (#""backends": []"#, "settings.backends"),
    ])
    func `a slip in a balancer's settings is refused by its path`(
        member: String, path: String
    ) throws {
        let backends = #""backends": [{"name": "a", "address": "10.1.0.1:80"}]"#
        let text = """
            {"name": "b", "listen": "10.1.0.1:80", "dataFolder": "/d", "seed": 7,
             "tier": "balancer",
             "settings": {\(member.hasPrefix(#""backends""#) ? "" : backends + ", ")\(member)}}
            """
        let json = try JSON.parse(text)
        let error = try #require(throws: BlueprintError.self) { try NodeBlueprint(json: json) }
        #expect(error.member == path)
    }

    @Test func `a queue must be one of its own nodes`() throws {
        guard case .queue(var queue) = samples()[4] else { return }
        queue.node = 3
        let json = blueprint(.queue(queue)).json
        let error = try #require(throws: BlueprintError.self) { try NodeBlueprint(json: json) }
        #expect(error == BlueprintError(member: "settings.node", problem: .outOfRange(3)))
    }

    @Test func `a store must be one of its own replicas`() throws {
        guard case .store(var store) = samples()[3] else { return }
        store.replica = 3
        let json = blueprint(.store(store)).json
        let error = try #require(throws: BlueprintError.self) { try NodeBlueprint(json: json) }
        #expect(error == BlueprintError(member: "settings.replica", problem: .outOfRange(3)))
    }
}
