// Which node a ladder kills, and what it says of the step to the next phase.

import Testing

@testable import Experiment

struct WeakestMemberTests {
    private func topology(_ part: String, _ replacement: String) throws -> Topology {
        try Sample.loadTopology(try edit(Sample.topology, part, replacement))
    }

    @Test func `the weakest is of the tier with the fewest nodes, nearest to the users`() throws {
        let one = try Sample.loadTopology(Sample.topology).weakestMember
        #expect(one.target == "balancer-1")
        #expect(one.redundancy == 1)
        let two = try topology("to: app}", "to: app, count: 2}").weakestMember
        #expect(two.target == "cache-1")
    }

    @Test func `of a replicated tier the leader is the weakest`() throws {
        var topology = try topology("to: app}", "to: app, count: 9}")
        topology.tiers = topology.tiers.map { tier in
            var tier = tier
            if tier.name == "cache" || tier.name == "worker" { tier.shape = .count(9) }
            if tier.name == "app" { tier.shape = .count(4) }
            return tier
        }
        #expect(topology.weakestMember.target == "store.shard-1.leader")
        #expect(topology.weakestMember.redundancy == 3)
        #expect(
            topology.membersToKill.map(\.target) == ["store.shard-1.leader", "app-1"])
    }

    @Test func `the same tiers are killed in every phase, and a monolith once`() throws {
        let stack = try Sample.loadTopology(Sample.topology)
        #expect(
            stack.membersToKill.map(\.target) == ["balancer-1", "app-1", "store.shard-1.leader"])
        var monolith = stack
        monolith.entry = "app"
        monolith.tiers.removeAll { $0.name != "app" }
        monolith.tiers[0].shape = .count(1)
        #expect(monolith.membersToKill.map(\.target) == ["app-1"])
    }

    @Test func `a step is told by what it adds, drops and changes`() throws {
        let now = try Sample.loadTopology(Sample.topology)
        let next = try topology("count: 3, cache", "count: 5, cache")
        #expect(now.changes(to: next) == ["app from 3 to 5"])
        #expect(now.changes(to: now) == [])
        var smaller = now
        smaller.tiers.removeAll { $0.name == "cache" }
        #expect(smaller.changes(to: now) == ["adds cache (1)"])
        #expect(now.changes(to: smaller) == ["drops cache"])
        #expect(
            try now.changes(to: topology("shards: 2", "shards: 4"))
                == ["store from 2 shards of 3 to 4 shards of 3"])
        #expect(
            try now.changes(
                to: topology("{role: balancer, to", "{role: balancer, policy: round-robin, to"))
                == ["balancer set up otherwise"])
    }

    @Test func `a mix of journeys is read from a command line`() {
        #expect(
            JourneyShare.list(parsing: "browse:75%,post:25%")
                == [.init(journey: .browse, share: 0.75), .init(journey: .post, share: 0.25)])
        for text in ["", "browse", "browse:50%", "browse:60%,browse:40%", "walk:100%"] {
            #expect(JourneyShare.list(parsing: text) == nil, "\(text)")
        }
    }
}
