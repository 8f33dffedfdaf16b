// The stacks that are compared, as topologies: what we ship beside what Debian ships.

enum RivalTopology {
    static let storeNodes = ["store-1-1", "store-1-2", "store-1-3"]
    static let etcdNodes = ["etcd-1", "etcd-2", "etcd-3"]

    static let quickEtcdNodes = ["quick-etcd-1", "quick-etcd-2", "quick-etcd-3"]

    /// A store of one shard and an etcd, three replicas each, with their default timeouts.
    static let stores = head + etcd("etcd")

    /// The same, and another etcd with the timeouts of our store.
    static let failover =
        head + etcd("etcd")
        + etcd("quick-etcd", "--heartbeat-interval, \"50\", --election-timeout, \"300\",")

    /// Our cache and a Redis, with no limit that either would reach.
    static let caches = """
        apiVersion: faultline/v1
        kind: Topology
        name: caches
        entry: ours
        tiers:
          ours: {role: cache, memory: 1GiB}
          redis:
            serves: cache
            exec: [redis-server, --bind, "{{address}}", --port, "{{port}}", --protected-mode, "no",
                   --save, "", --appendonly, "no", --dir, "{{folder}}"]
            port: 6379
            ready: {resp: [PING]}

        """

    private static let head = """
        apiVersion: faultline/v1
        kind: Topology
        name: rivals
        entry: etcd
        tiers:
          store: {role: store, shards: 1, replicas: 3}

        """

    private static func etcd(_ tier: String, _ flags: String = "") -> String {
        let cluster = (1...3).map { "\(tier)-\($0)=http://{{address.of.\(tier).\($0)}}:2380" }
        return """
              \(tier):
                exec: [etcd, --name, "{{name}}", --data-dir, "{{folder}}/etcd", \(flags)
                       --log-level, error,
                       --listen-client-urls, "http://{{address}}:2379",
                       --advertise-client-urls, "http://{{address}}:2379",
                       --listen-peer-urls, "http://{{address}}:2380",
                       --initial-advertise-peer-urls, "http://{{address}}:2380",
                       --initial-cluster, "\(cluster.joined(separator: ","))"]
                count: 3
                port: 2379
                peer-port: 2380

            """
    }
}
