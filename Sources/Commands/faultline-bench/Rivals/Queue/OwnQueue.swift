// Our queue: one partition a lane, one consumer group whose one member has them all.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class OwnQueue: BenchedQueue {
    private static let publishersPerLane = 4
    /// Polls of one partition that are under way, so that no message waits for the one before it.
    private static let pollsPerLane = 4
    private static let group = "bench"
    private static let member = "bench-1"

    var didFinish: @ReactorActor ([UInt8]) -> Void = { _ in }

    private let topic: String
    private let keys: [String]
    private let session: LeaderSeeker
    private var publishers: [[RESPClient]] = []
    private var consumers: [RESPClient] = []
    private var generation: Int64 = 0
    private var turn = 0
    private var isEnding = false
    private var running = 0
    private var failure: (any Error)?
    private let ended = Turnstile()

    /// Joins the group and begins to consume a topic that was never used before.
    static func open(_ nodes: [SocketAddress], lanes: Int) async throws -> OwnQueue {
        let leaders = try await leaders(among: nodes, lanes: lanes)
        let queue = OwnQueue(nodes, leaders)
        try await queue.join()
        for (lane, leader) in leaders.enumerated() { queue.consume(lane, from: leader) }
        return queue
    }

    private init(_ nodes: [SocketAddress], _ leaders: [SocketAddress]) {
        topic = "bench-\(UInt32.random(in: 0 ... .max))"
        keys = leaders.indices.map { Self.key(of: $0, count: leaders.count) }
        session = LeaderSeeker(
            nodes.map { NamedAddress(name: "\($0)", address: $0) }, random: SeededRandom(seed: 1))
        publishers = leaders.map { leader in
            (0..<Self.publishersPerLane).map { _ in RESPClient(leader) }
        }
    }

    /// A key that belongs to the partition.
    private static func key(of lane: Int, count: Int) -> String {
        var number = 0
        while ShardKey.shard(of: "k\(number)", count: count) != lane { number += 1 }
        return "k\(number)"
    }

    /// Who leads each partition, once each is led by the node that should lead it: leaderships move
    /// to their places in the first seconds, and a bench that begins before would run into that.
    private static func leaders(
        among nodes: [SocketAddress], lanes: Int
    ) async throws -> [SocketAddress] {
        let deadline = MonotonicTime.now() + .seconds(30)
        let wanted = (0..<lanes).map { nodes[$0 % nodes.count] }
        while .now() < deadline {
            var led = 0
            for (lane, node) in wanted.enumerated() where await leads(node, lane) { led += 1 }
            if led == lanes { return wanted }
            await Reactor.sleep(for: .milliseconds(100))
        }
        throw BenchError("the leaders of the queue did not settle")
    }

    private static func leads(_ node: SocketAddress, _ lane: Int) async -> Bool {
        let client = RESPClient(node)
        defer { client.close() }
        let answer = try? await client.call(["ROLE"], deadline: .now() + .seconds(1))
        guard let roles = answer?.elements, roles.indices.contains(lane) else { return false }
        return roles[lane].elements?.dropFirst().first == .bulk(Array("leader".utf8))
    }

    // MARK: The group

    /// Joins, and keeps the session alive until the bench ends.
    private func join() async throws {
        let reply = try await session.call(
            ["JOIN", topic, Self.group, Self.member, "1"], deadline: .now() + .seconds(10))
        guard let number = reply.value.elements?.first?.integer else {
            throw BenchError("JOIN: \(reply.value)")
        }
        generation = number
        running += 1
        Task { @ReactorActor in await beat() }
    }

    private func beat() async {
        while !isEnding {
            await Reactor.sleep(for: .milliseconds(500))
            _ = try? await session.call(
                ["HEARTBEAT", topic, Self.group, Self.member, "1"],
                deadline: .now() + .seconds(2))
        }
        running -= 1
        ended.wakeAll()
    }

    // MARK: Messages

    func publish(_ body: [UInt8], lane: Int, deadline: MonotonicTime) async throws {
        turn += 1
        let clients = publishers[lane]
        var command: [UInt8] = []
        command.appendRESP(
            command: [Array("PUBLISH".utf8), Array(topic.utf8), Array(keys[lane].utf8), body])
        let reply = try await clients[turn % clients.count].call(
            encoded: command, deadline: deadline)
        guard reply.integer != nil else { throw BenchError("PUBLISH: \(reply)") }
    }

    private func consume(_ lane: Int, from leader: SocketAddress) {
        let answers = RESPClient(leader)
        consumers.append(answers)
        for poll in 1...Self.pollsPerLane {
            // Answers come in order, so polls that wait have connections of their own.
            let client = RESPClient(leader)
            consumers.append(client)
            running += 1
            Task { @ReactorActor in
                do {
                    while !isEnding, failure == nil {
                        let leases = try await fetch(lane, poll, client)
                        if !leases.isEmpty { acknowledge(leases, lane, answers) }
                    }
                } catch {
                    failure = failure ?? error
                }
                running -= 1
                ended.wakeAll()
            }
        }
    }

    private func fetch(
        _ lane: Int, _ poll: Int, _ client: RESPClient
    ) async throws -> [RESPValue] {
        let words = [
            "FETCH", topic, Self.group, "\(lane + 1)", Self.member, "\(generation)", "1000",
            "30000", "200", "LANE", "\(poll)",
        ]
        let reply = try await client.call(words, deadline: .now() + .seconds(5))
        guard let leases = reply.elements else { throw BenchError("FETCH: \(reply)") }
        return leases
    }

    /// Does not hold up the next fetch; all that one fetch brought is acknowledged by one command.
    private func acknowledge(_ leases: [RESPValue], _ lane: Int, _ client: RESPClient) {
        var words = ["ACK", topic, Self.group, "\(lane + 1)"]
        var bodies: [[UInt8]] = []
        for lease in leases {
            guard let parts = lease.elements, parts.count >= 4, case .bulk(let token) = parts[0],
                case .bulk(let body) = parts[3]
            else { continue }
            words.append(String(decoding: token, as: UTF8.self))
            bodies.append(body)
        }
        running += 1
        Task { @ReactorActor in
            defer {
                running -= 1
                ended.wakeAll()
            }
            do {
                let reply = try await client.call(words, deadline: .now() + .seconds(10))
                let isWhole =
                    bodies.count == 1
                    ? reply == .simple("OK")
                    : reply == .array(bodies.map { _ in .integer(1) })
                guard isWhole else { throw BenchError("ACK: \(reply)") }
            } catch {
                failure = failure ?? error
            }
        }
        for body in bodies { didFinish(body) }
    }

    func finish() async throws {
        isEnding = true
        while running > 0 { _ = await ended.wait() }
        for client in publishers.joined() + consumers { client.close() }
        if let failure { throw failure }
    }
}
