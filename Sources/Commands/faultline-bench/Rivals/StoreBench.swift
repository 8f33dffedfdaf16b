// Our store beside etcd: three replicas each on this machine, both with fsync on, both stacks up at the
// same time and asked in turns by the same client. Writes of 100 bytes and linearizable reads.

import Endpoints
import Linux
import Reactor
import Telemetry

struct StoreBench {
    private static let length: Duration = .seconds(5)
    private static let keys = 10_000
    private static let clientCounts = [64, 1000]
    /// Clients that share a connection, as with etcd's own benchmark (100 connections for 1,000).
    private static let clientsPerConnection = 10

    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        _ = try BenchOptions.tool("etcd", debian: "etcd-server")
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Store against etcd", of: RivalTopology.stores, options, repetitions: repetitions,
            measure)
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> MarkdownTable {
        var table = RivalTable("operation", "clients", theirs: "etcd")
        let stores = try RivalTopology.storeNodes.map(stack.address(of:))
        let members = try RivalTopology.etcdNodes.map(stack.address(of:))
        for clients in Self.clientCounts {
            for kind in Operation.allCases {
                var both = RivalResults()
                for repetition in 0..<repetitions {
                    let order = repetition % 2 == 0 ? [true, false] : [false, true]
                    for isOurs in order {
                        let connections = try await connect(
                            isOurs ? stores : members, isOurs: isOurs, clients: clients)
                        let result = try await run(kind, clients, connections)
                        for connection in connections { connection.close() }
                        both.note(result, isOurs: isOurs)
                        Heading.progress(
                            "\(kind.rawValue), \(clients) clients, \(isOurs ? "ours" : "etcd"): "
                                + "\(Figure.text(result.perSecond, places: 0))/s")
                    }
                }
                table.add([kind.rawValue, "\(clients)"], both)
            }
        }
        return table.table
    }

    private enum Operation: String, CaseIterable {
        case write
        case read = "linearizable read"
    }

    @ReactorActor
    private func connect(
        _ nodes: [SocketAddress], isOurs: Bool, clients: Int
    ) async throws -> [any KeyValueClient] {
        var connections: [any KeyValueClient] = []
        let leader =
            try await isOurs
            ? StoreClient.leader(among: nodes) : EtcdClient.leader(among: nodes)
        for _ in 0..<max(1, clients / Self.clientsPerConnection) {
            if isOurs {
                let name = "bench-\(UInt64.random(in: 0 ... .max))"
                connections.append(StoreClient(leader, name: name))
            } else {
                connections.append(try await EtcdClient(leader))
            }
        }
        return connections
    }

    @ReactorActor
    private func run(
        _ kind: Operation, _ clients: Int, _ connections: [any KeyValueClient]
    ) async throws -> ClosedLoopResult {
        let value = [UInt8](repeating: 0x78, count: 100)
        return try await ClosedLoop.run(clients: clients, for: Self.length) { client, round in
            let connection = connections[client % connections.count]
            let deadline = MonotonicTime.now() + .seconds(10)
            switch kind {
            case .write:
                let key = (client + round * clients) % Self.keys
                try await connection.write(key, value, deadline: deadline)
            case .read: try await connection.read(client, deadline: deadline)
            }
        }
    }
}
