// The stacks that are compared, as topologies: what we ship beside what Debian ships.

enum RivalTopology {
    static let storeNodes = ["store-1-1", "store-1-2", "store-1-3"]
    static let etcdNodes = ["etcd-1", "etcd-2", "etcd-3"]

    /// A store of one shard and an etcd, three replicas each, with their default timeouts.
    static let stores = """
        apiVersion: faultline/v1
        kind: Topology
        name: rival-stores
        entry: etcd
        tiers:
          store: {role: store, shards: 1, replicas: 3}
          etcd:
            exec: [etcd, --name, "{{name}}", --data-dir, "{{folder}}/etcd", --log-level, error,
                   --listen-client-urls, "http://{{address}}:2379",
                   --advertise-client-urls, "http://{{address}}:2379",
                   --listen-peer-urls, "http://{{address}}:2380",
                   --initial-advertise-peer-urls, "http://{{address}}:2380",
                   --initial-cluster, "\(cluster)"]
            count: 3
            port: 2379
            peer-port: 2380

        """

    private static var cluster: String {
        (1...3).map { "etcd-\($0)=http://{{address.of.etcd.\($0)}}:2380" }.joined(separator: ",")
    }
}
