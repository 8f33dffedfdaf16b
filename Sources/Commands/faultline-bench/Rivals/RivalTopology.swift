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

    /// Debian's wrapper in PATH runs it as another user, who could not write into a node's folder.
    static let rabbitProgram = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    static let rabbitNodes = ["rabbit-1", "rabbit-2", "rabbit-3"]
    /// Partitions, and quorum queues, where there is more than one.
    static let queueLanes = 4

    static func queueNodes(lanes: Int) -> [String] {
        (1...3).map { lanes == 1 ? "queue-\($0)" : "queue-wide-\($0)" }
    }

    /// A queue of one partition and one of four, and a cluster of RabbitMQ, three nodes each.
    static let queues = """
        apiVersion: faultline/v1
        kind: Topology
        name: rivals
        entry: rabbit
        tiers:
          queue: {role: queue, partitions: 1, replicas: 3}
          queue-wide: {role: queue, partitions: \(queueLanes), replicas: 3}
          rabbit:
            exec: [\(rabbitProgram)]
            count: 3
            port: 5672
            environment:
              # The program becomes the broker, instead of a shell that waits for it.
              detached: "yes"
              HOME: "{{folder}}"
              RABBITMQ_NODENAME: "rabbit@{{address}}"
              RABBITMQ_USE_LONGNAME: "true"
              RABBITMQ_NODE_PORT: "{{port}}"
              RABBITMQ_DIST_PORT: "25672"
              RABBITMQ_MNESIA_BASE: "{{folder}}/mnesia"
              RABBITMQ_LOG_BASE: "{{folder}}/log"
              RABBITMQ_LOGS: "-"
              RABBITMQ_CONFIG_FILE: "{{files}}/rabbitmq.conf"
              RABBITMQ_CONF_ENV_FILE: "{{files}}/env.conf"
              RABBITMQ_ENABLED_PLUGINS_FILE: "{{files}}/enabled_plugins"
              RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-setcookie faultline"
            files:
              env.conf: ""
              enabled_plugins: "[]."
              rabbitmq.conf: |
                loopback_users = none
                log.console.level = warning
                cluster_formation.peer_discovery_backend = classic_config
                cluster_formation.classic_config.nodes.1 = rabbit@{{address.of.rabbit.1}}
                cluster_formation.classic_config.nodes.2 = rabbit@{{address.of.rabbit.2}}
                cluster_formation.classic_config.nodes.3 = rabbit@{{address.of.rabbit.3}}

        """

    /// Our cache and a Redis, with no limit that either would reach.
    static let caches = """
        apiVersion: faultline/v1
        kind: Topology
        name: caches
        entry: redis
        tiers:
          ours: {role: cache, memory: 1GiB}
          redis:
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
