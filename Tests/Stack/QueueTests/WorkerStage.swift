// A queue, a store and the workers between them.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Queue

@ReactorActor
final class WorkerStage {
    let cluster: QueueCluster
    let store: StoreStandIn
    var settings: WorkerSettings
    private var workers: [WorkerServer] = []

    /// Ends the workers and the queue when the body is over.
    static func with(
        nodes: Int = 1, partitions: Int = 2, adjust: (inout QueueSettings) -> Void = { _ in },
        _ body: @ReactorActor (WorkerStage) async throws -> Void
    ) async throws {
        try await QueueCluster.with(nodes: nodes, partitions: partitions, adjust: adjust) {
            cluster in
            let stage = try WorkerStage(cluster)
            do {
                try await body(stage)
            } catch {
                stage.end()
                throw error
            }
            stage.end()
        }
    }

    private init(_ cluster: QueueCluster) throws {
        self.cluster = cluster
        store = try StoreStandIn()
        settings = WorkerSettings(
            queue: cluster.nodes.map(\.client), shards: [[try store.member], [try store.member]])
        settings.partitions = cluster.settings.partitions
        settings.work = .milliseconds(1)
        settings.heartbeat = .milliseconds(50)
    }

    private func end() {
        for worker in workers { worker.stop() }
        store.stop()
    }

    func order(_ id: String, user: Int) async throws {
        let payload: JSON = ["user": .integer(Int64(user)), "order": .string(id)]
        guard case .integer = try await cluster.publish(payload.text, key: "{u\(user)}") else {
            Issue.record("not published")
            return
        }
    }

    func worker(_ name: String) throws -> WorkerServer {
        let worker = try WorkerServer(
            name: name, listen: SocketAddress(ip: .loopback, port: 0), settings: settings, seed: 3)
        workers.append(worker)
        Task { @ReactorActor in await worker.run() }
        return worker
    }

    /// Ready, leased, waiting over all partitions.
    func depth(topic: String = "orders") async throws -> [Int64] {
        var sum: [Int64] = [0, 0, 0]
        for partition in 1...settings.partitions {
            let depth = try await cluster.depth(partition, topic: topic)
            sum = zip(sum, depth).map(+)
        }
        return sum
    }

    func isDrained() async throws -> Bool {
        try await eventually { try await self.depth() == [0, 0, 0] }
    }

    func status(_ worker: WorkerServer) async throws -> JSON {
        try #require(try await page("/status", of: worker).json)
    }

    func page(_ path: String, of worker: WorkerServer) async throws -> HTTPResponse {
        let client = HTTPClient(worker.address)
        defer { client.close() }
        return try await client.send(
            HTTPRequest("GET", path, host: "worker"), deadline: .now() + .seconds(5))
    }
}
