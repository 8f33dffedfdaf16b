// RabbitMQ's quorum queues: one a lane, each of three members, with a consumer on the node that leads it.

import Linux
import Reactor

@ReactorActor
final class RabbitQueue: BenchedQueue {
    /// Connections of publishers to each lane's node.
    private static let publishersPerLane = 4
    /// Messages that a consumer may hold unacknowledged; above what the bench has under way.
    private static let prefetch: UInt16 = 2000

    var didFinish: @ReactorActor ([UInt8]) -> Void = { _ in }

    private let names: [String]
    private var publishers: [[AMQPLink]] = []
    private var consumers: [AMQPLink] = []
    private var turn = 0

    private init(_ names: [String]) { self.names = names }

    /// Declares fresh queues, each led by another node, and begins to consume.
    static func open(_ nodes: [SocketAddress], lanes: Int) async throws -> RabbitQueue {
        let run = UInt64.random(in: 0 ... .max)
        let queue = RabbitQueue((0..<lanes).map { "bench-\(run)-\($0)" })
        let deadline = MonotonicTime.now() + .seconds(30)
        for (lane, name) in queue.names.enumerated() {
            // A quorum queue is led by the node that its client is connected to.
            let node = nodes[lane % nodes.count]
            try await declare(name, on: node, of: nodes, deadline)
            try await queue.connect(name, node, deadline)
        }
        return queue
    }

    /// Every node must know the queue: one that does not is not of the cluster, and holds no copy.
    private static func declare(
        _ name: String, on node: SocketAddress, of nodes: [SocketAddress],
        _ deadline: MonotonicTime
    ) async throws {
        let arguments: [(String, AMQPField)] = [
            ("x-queue-type", .text("quorum")),
            ("x-quorum-initial-group-size", .number(Int32(nodes.count))),
        ]
        for other in [node] + nodes.filter({ $0 != node }) {
            let link = try await AMQPLink.open(other, deadline: deadline)
            defer { link.close() }
            try await link.call(
                .declareQueue(name, isPassive: other != node, arguments: arguments),
                deadline: deadline)
        }
    }

    private func connect(
        _ name: String, _ node: SocketAddress, _ deadline: MonotonicTime
    ) async throws {
        var lane: [AMQPLink] = []
        for _ in 0..<Self.publishersPerLane {
            let link = try await AMQPLink.open(node, deadline: deadline)
            try await link.call(.selectConfirms, deadline: deadline)
            lane.append(link)
        }
        publishers.append(lane)
        let consumer = try await AMQPLink.open(node, deadline: deadline)
        consumers.append(consumer)
        listen(to: consumer)
        try await consumer.call(.prefetch(Self.prefetch), deadline: deadline)
        try await consumer.call(.consume(name), deadline: deadline)
    }

    /// Acknowledges all that came in one go by one `ack`, as cheap as AMQP can.
    private func listen(to consumer: AMQPLink) {
        var bodies: [[UInt8]] = []
        var last: UInt64 = 0
        consumer.didDeliver = { tag, body in
            last = tag
            bodies.append(body)
        }
        consumer.didReadAll = { [unowned self, unowned consumer] in
            if bodies.isEmpty { return }
            consumer.acknowledge(last, isMultiple: true)
            for body in bodies { didFinish(body) }
            bodies.removeAll(keepingCapacity: true)
        }
    }

    func publish(_ body: [UInt8], lane: Int, deadline: MonotonicTime) async throws {
        turn += 1
        let links = publishers[lane]
        try await links[turn % links.count].publish(body, to: names[lane], deadline: deadline)
    }

    func finish() async throws {
        let deadline = MonotonicTime.now() + .seconds(10)
        for (lane, name) in names.enumerated() {
            try await publishers[lane][0].call(.deleteQueue(name), deadline: deadline)
        }
        for link in publishers.joined() { link.close() }
        for link in consumers { link.close() }
    }
}
