// Three caches that copy each other, over real sockets: who leads, what followers have, what a failover keeps.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Cache

/// A group in this process, each node with a folder of its own.
@ReactorActor
private final class Group {
    private(set) var nodes: [CacheServer?] = []
    let members: [NamedAddress]
    private let folder: String

    init(_ count: Int) throws {
        folder = "/tmp/faultline-cache-\(UInt64.random(in: 0 ... .max))"
        var held: [Listener] = []
        for _ in 0..<count { held.append(try Listener(SocketAddress(ip: .loopback, port: 0))) }
        members = held.enumerated().map {
            NamedAddress(name: "cache-\($0 + 1)", address: $1.address)
        }
        for listener in held { listener.close() }
        for index in 0..<count { nodes.append(try start(index)) }
    }

    private func start(_ index: Int) throws -> CacheServer {
        var settings = CacheSettings(memoryLimit: 64 << 20)
        settings.group = CacheGroupSettings(node: index + 1, members: members)
        settings.group?.electionTimeout = .milliseconds(300)
        let server = try CacheServer(
            listen: members[index].address, settings: settings, dataFolder: "\(folder)/\(index)")
        Task { @ReactorActor in await server.run() }
        return server
    }

    func kill(_ index: Int) async {
        await nodes[index]?.drain(within: .milliseconds(1))
        nodes[index] = nil
    }

    func restart(_ index: Int) throws { nodes[index] = try start(index) }

    func end() async {
        for index in nodes.indices { await kill(index) }
        try? File.removeTree(folder)
    }

    /// The node that takes writes.
    func leader() async throws -> Int {
        var found: Int?
        try await eventually {
            found = nodes.firstIndex { node in
                guard let state = node?.engine.replication else { return false }
                return state.standing == .leader && CacheTime.now() < state.quorumUntil
            }
            return found != nil
        }
        return try #require(found)
    }

    func ask(_ index: Int, _ words: String...) async throws -> RESPValue {
        let client = RESPClient(members[index].address)
        defer { client.close() }
        return try await client.call(words, deadline: .now() + .seconds(5))
    }

    func eventually(_ holds: () async throws -> Bool) async throws {
        let deadline = MonotonicTime.now() + .seconds(15)
        while try await !holds() {
            try #require(.now() < deadline, "it never came true")
            await Reactor.sleep(for: .milliseconds(5))
        }
    }
}

@ReactorActor
private func withGroup(
    _ count: Int = 3, _ body: @ReactorActor (Group) async throws -> Void
) async throws {
    let group = try Group(count)
    do {
        try await body(group)
    } catch {
        await group.end()
        throw error
    }
    await group.end()
}

@Suite(.timeLimit(.minutes(2)), .serialized) @ReactorActor struct ReplicationTests {
    @Test func `one leads, takes writes, and the others copy and take none`() async throws {
        try await withGroup { group async throws in
            let leader = try await group.leader()
            let follower = (leader + 1) % 3
            for number in 0..<50 {
                let set = try await group.ask(leader, "SET", "k\(number)", "v\(number)")
                #expect(set == .simple("OK"))
            }
            _ = try await group.ask(leader, "ZADD", "z", "1.5", "m")
            _ = try await group.ask(leader, "RENAME", "k1", "moved")
            #expect(try await group.ask(leader, "WAIT", "2", "5000") == .integer(2))
            #expect(try await group.ask(follower, "GET", "moved") == .bulk("v1"))
            #expect(try await group.ask(follower, "ZSCORE", "z", "m") == .bulk("1.5"))
            #expect(try await group.ask(follower, "DBSIZE") == .integer(51))
            let refusal = try await group.ask(follower, "SET", "k", "v")
            #expect(refusal.errorCode == "READONLY")
            let role = try await group.ask(follower, "ROLE")
            #expect(role.elements?.first == .bulk("slave"))
        }
    }

    @Test func `a follower is chosen when the leader dies, and has what was copied`() async throws {
        try await withGroup { group async throws in
            let first = try await group.leader()
            _ = try await group.ask(first, "SET", "k", "v")
            #expect(try await group.ask(first, "WAIT", "2", "5000") == .integer(2))
            await group.kill(first)
            let second = try await group.leader()
            #expect(second != first)
            #expect(try await group.ask(second, "GET", "k") == .bulk("v"))
            #expect(try await group.ask(second, "SET", "after", "1") == .simple("OK"))
            // The old leader comes back with nothing, follows, and copies.
            try group.restart(first)
            try await group.eventually {
                try await group.ask(first, "GET", "after") == .bulk("1")
            }
            #expect(try await group.ask(first, "GET", "k") == .bulk("v"))
        }
    }

    @Test func `a leader alone takes no writes`() async throws {
        try await withGroup { group async throws in
            let leader = try await group.leader()
            for index in 0..<3 where index != leader { await group.kill(index) }
            try await group.eventually {
                let reply = try await group.ask(leader, "SET", "k", "v")
                return ["NOREPLICAS", "READONLY"].contains(reply.errorCode.map(String.init))
            }
        }
    }
}
