// Targets become nodes by the roster and the seed, and never quietly nobody.

import Testing

@testable import Experiment

/// SplitMix64: a known stream, so that a test can repeat a choice.
private struct Chooser {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}

struct TargetResolutionTests {
    /// A node of three partitions; nil where it is a candidate.
    private static func queue(_ number: Int, _ standings: RosterNode.Standing?...) -> RosterNode {
        var node = RosterNode(name: "queue-\(number)", tier: "queue")
        for (index, standing) in standings.enumerated() { node.partitions[index + 1] = standing }
        return node
    }

    private let roster = [
        RosterNode(name: "app-1", tier: "app"), RosterNode(name: "app-2", tier: "app"),
        RosterNode(name: "app-3", tier: "app"), RosterNode(name: "cache-1", tier: "cache"),
        RosterNode(name: "store-1-1", tier: "store", shard: 1, role: .follower, term: 4),
        RosterNode(name: "store-1-2", tier: "store", shard: 1, role: .leader, term: 4),
        RosterNode(name: "store-1-3", tier: "store", shard: 1, role: .follower, term: 4),
        RosterNode(name: "store-2-1", tier: "store", shard: 2, role: .leader, term: 2),
        RosterNode(name: "store-2-2", tier: "store", shard: 2, role: .follower, term: 2),
        RosterNode(name: "store-2-3", tier: "store", shard: 2, role: nil),
        queue(1, .init(.leader, term: 3), .init(.follower, term: 2), .init(.leader, term: 4)),
        queue(2, .init(.follower, term: 3), .init(.leader, term: 2), .init(.leader, term: 5)),
        queue(3, .init(.follower, term: 3), nil, .init(.follower, term: 5)),
    ]

    private func nodes(_ text: String, seed: UInt64 = 1) throws -> [String] {
        var chooser = Chooser(state: seed)
        return try Target.nodes(NodeSelection(parsing: text))
            .nodes(roster: roster) { chooser.next($0) }
    }

    private func links(_ selection: LinkSelection) throws -> [String] {
        try Target.links(selection).links(roster: roster) { _ in 0 }
            .map { "\($0.from)>\($0.to)" }
    }

    private func selection(_ text: String) throws -> NodeSelection {
        try NodeSelection(parsing: text)
    }

    @Test(arguments: [
        ("app-2", ["app-2"]), ("app", ["app-1", "app-2", "app-3"]),
        ("3 of app", ["app-1", "app-2", "app-3"]), ("100% of app", ["app-1", "app-2", "app-3"]),
        ("one of cache", ["cache-1"]), ("store.shard-1.leader", ["store-1-2"]),
        ("store.shard-1.followers", ["store-1-1", "store-1-3"]),
        ("store.leader", ["store-1-2", "store-2-1"]),
        ("store.shard-2.followers", ["store-2-2"]),  // the silent one is no known follower
        ("store.shard-2", ["store-2-1", "store-2-2", "store-2-3"]),
        ("queue", ["queue-1", "queue-2", "queue-3"]),
        ("queue.partition-2", ["queue-1", "queue-2", "queue-3"]),
        ("queue.partition-1.leader", ["queue-1"]), ("queue.partition-2.leader", ["queue-2"]),
        ("queue.partition-1.followers", ["queue-2", "queue-3"]),
        ("queue.partition-2.followers", ["queue-1"]),  // the candidate is no follower
        ("queue.partition-3.leader", ["queue-2"]),  // the leader of an older term is none
        ("queue.partition-3.followers", ["queue-1", "queue-3"]),
    ])
    func `a target without a choice is what it says`(text: String, expected: [String]) throws {
        #expect(try nodes(text) == expected)
    }

    @Test(arguments: [
        ("one of app", 1), ("2 of app", 2), ("50% of app", 2), ("1% of app", 1), ("34% of app", 2),
        ("minority of store.shard-1", 1), ("majority of store.shard-1", 2),
        ("50% of store", 3),
    ])
    func `an amount counts as documented`(text: String, expected: Int) throws {
        for seed in UInt64(0)..<20 {
            let chosen = try nodes(text, seed: seed)
            #expect(chosen.count == expected)
            #expect(Set(chosen).count == expected)
        }
    }

    @Test func `a seed repeats its choice and seeds reach every node`() throws {
        #expect(try nodes("2 of app", seed: 5) == nodes("2 of app", seed: 5))
        let reached = Set(try (UInt64(0)..<50).map { try nodes("one of app", seed: $0)[0] })
        #expect(reached == ["app-1", "app-2", "app-3"])
        let pairs = Set(try (UInt64(0)..<100).map { try nodes("2 of app", seed: $0) })
        #expect(pairs.count == 3)
    }

    @Test func `chance is not asked when there is no choice`() throws {
        let target = Target.nodes(try selection("app"))
        #expect(throws: Never.self) {
            try target.nodes(roster: roster) { _ in
                Issue.record("nothing to choose")
                return 0
            }
        }
    }

    @Test func `of two leaders the later term leads`() throws {
        var split = roster
        split[4].role = .leader
        split[4].term = 5
        let leader = try selection("store.shard-1.leader").resolve(roster: split) { _ in 0 }
        let followers = try selection("store.shard-1.followers").resolve(roster: split) { _ in 0 }
        #expect(leader == ["store-1-1"])
        #expect(followers == ["store-1-2", "store-1-3"])
    }

    @Test(arguments: [
        ("4 of app", TargetError.tooFew(selection: "4 of app", wanted: 4, found: 3)),
        ("nginx", .empty(selection: "nginx")),
        ("cache.leader", .empty(selection: "cache.leader")),
        ("minority of cache", .tooFew(selection: "minority of cache", wanted: 1, found: 1)),
    ])
    func `a target that matches nothing is an error`(text: String, error: TargetError) {
        #expect(throws: error) { try nodes(text) }
    }

    @Test func `no leader is an error and not nobody`() throws {
        let leaderless = roster.map { node in
            var node = node
            node.role = .follower
            return node
        }
        #expect(throws: TargetError.empty(selection: "store.shard-1.leader")) {
            try selection("store.shard-1.leader").resolve(roster: leaderless) { _ in 0 }
        }
    }

    @Test func `a one-way link leads one way`() throws {
        let links = try links(.oneWay(from: selection("app-1"), to: selection("store.shard-1")))
        #expect(links == ["app-1>store-1-1", "app-1>store-1-2", "app-1>store-1-3"])
    }

    @Test func `between leads both ways and never to oneself`() throws {
        let links = try links(.between(selection("app"), selection("app-1")))
        #expect(Set(links) == ["app-2>app-1", "app-3>app-1", "app-1>app-2", "app-1>app-3"])
        #expect(links.count == 4)
    }

    @Test func `isolation cuts every link to the rest`() throws {
        let links = try links(.isolate(selection("store.shard-1")))
        #expect(links.count == 3 * 10 * 2)
        #expect(!links.contains("store-1-1>store-1-2"))
        #expect(links.contains("cache-1>store-1-3"))
        #expect(links.contains("store-1-3>cache-1"))
    }

    @Test func `a split cuts its sides apart and nothing else`() throws {
        let links = try links(
            .split([selection("app-1"), selection("app-2"), selection("cache")]))
        #expect(links.count == 6)
        #expect(!links.contains { $0.contains("app-3") })
    }

    @Test func `a node on two sides of a split is an error`() throws {
        let split = LinkSelection.split([try selection("app"), try selection("app-2")])
        #expect(throws: TargetError.overlap(node: "app-2")) { try links(split) }
    }

    @Test func `a link from a node to itself is an error`() throws {
        let loop = LinkSelection.between(try selection("app-1"), try selection("app-1"))
        #expect(throws: TargetError.noLink(target: "{between: [app-1, app-1]}")) {
            try links(loop)
        }
    }

    @Test func `a node target means all its links where links are wanted`() throws {
        let links = try Target.nodes(selection("app-1")).links(roster: roster) { _ in 0 }
        #expect(links.count == 2 * (roster.count - 1))
        #expect(links.allSatisfy { $0.from == "app-1" || $0.to == "app-1" })
    }

    @Test(arguments: [
        "app-2", "one of app", "2 of app", "50% of app", "store.shard-1.leader",
        "minority of store.shard-1", "majority of store.followers", "12.5% of app",
    ])
    func `a selection is written as it is read`(text: String) throws {
        #expect(try selection(text).description == text)
    }

    @Test(arguments: [
        ("leader", NodeRole.leader), ("master", .leader), ("slave", .follower),
        ("follower", .follower), ("candidate", nil), ("", nil),
    ])
    func `roles are read in our words and Redis's`(answer: String, role: NodeRole?) {
        #expect(NodeRole(answer: answer) == role)
    }
}
