// Members of a group: balanced shares, as few moves as can be, sessions and generations.

import Determinism
import Linux
import Testing

@testable import Queue

struct GroupMembersTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `shares are balanced, everything has an owner, and little moves`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.integer(in: 1...12)
        var owners: [String?] = Array(repeating: nil, count: count)
        var members: Set<String> = []
        for _ in 0..<40 {
            let member = "w\(random.integer(in: 0..<6))"
            if members.insert(member).inserted == false { members.remove(member) }
            let before = owners
            owners = StickyAssignment.balance(before, among: members.sorted())
            if members.isEmpty {
                #expect(owners.allSatisfy { $0 == nil })
                continue
            }
            let shares = members.map { member in owners.count { $0 == member } }
            #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
            #expect(!owners.contains(nil))
            let moved = zip(before, owners).count { $0 != $1 && $0.map(members.contains) == true }
            // A member that came takes at most its share from the others.
            #expect(moved <= count / members.count)
        }
    }

    @Test func `the partitions of a member that is silent go to the others`() throws {
        let bench = PartitionBench()
        let first = try #require(bench.join("w1"))
        #expect(first.partitions == [0, 1, 2, 3])
        let second = try #require(bench.join("w2"))
        #expect(second.partitions.count == 2)
        #expect(second.generation > first.generation)
        bench.time = 60
        #expect(bench.heartbeat("w1")?.partitions.count == 2)
        bench.time = 100
        let alone = try #require(bench.heartbeat("w1"))
        #expect(alone.partitions == [0, 1, 2, 3])
        #expect(alone.generation > second.generation)
        #expect(bench.heartbeat("w2") == nil)
        #expect(bench.join("w2")?.partitions.count == 2)
    }

    @Test func `joining again changes nothing, a new start of a member shuts the old one out`()
        throws
    {
        let bench = PartitionBench()
        let first = try #require(bench.join("w1", 1))
        #expect(bench.join("w1", 1) == first)
        let second = try #require(bench.join("w1", 2))
        #expect(second.generation > first.generation)
        #expect(second.partitions == first.partitions)
        #expect(bench.heartbeat("w1", 1) == nil)
        bench.leave("w1", 1)
        #expect(bench.heartbeat("w1", 2) == second)
    }

    @Test func `a member that leaves makes room at once`() throws {
        let bench = PartitionBench()
        for member in ["w1", "w2", "w3"] { #expect(bench.join(member) != nil) }
        #expect(bench.join("w4") == nil)
        bench.leave("w2")
        #expect(bench.join("w4")?.memberCount == 3)
        for member in ["w1", "w3", "w4"] { bench.leave(member) }
        let generation = try #require(bench.state.memberships[bench.name]?.generation)
        #expect(try #require(bench.join("w1")).generation > generation)
    }

    @Test func `sessions end by a tick too, and say when`() {
        let bench = PartitionBench()
        _ = bench.join("w1")
        #expect(bench.state.nextDeadline() == LogTime(nanoseconds: 100))
        bench.time = 100
        bench.apply(.tick)
        #expect(bench.state.memberships[bench.name]?.members.isEmpty == true)
        #expect(bench.state.nextDeadline() == nil)
    }

    @Test func `a group's coordinator is one of the partitions, and not always the same`() {
        let places = (0..<50).map {
            GroupName(topic: "orders", group: "g\($0)").coordinator(partitionCount: 4)
        }
        #expect(Set(places) == [0, 1, 2, 3])
    }
}

extension PartitionBench {
    fileprivate func join(_ member: String, _ incarnation: UInt64 = 1) -> Assignment? {
        assignment(.join(name, MemberStamp(member: member, incarnation: incarnation)))
    }

    fileprivate func heartbeat(_ member: String, _ incarnation: UInt64 = 1) -> Assignment? {
        assignment(.heartbeat(name, MemberStamp(member: member, incarnation: incarnation)))
    }

    fileprivate func leave(_ member: String, _ incarnation: UInt64 = 1) {
        apply(.leave(name, MemberStamp(member: member, incarnation: incarnation)))
    }

    private func assignment(_ command: PartitionCommand) -> Assignment? {
        guard case .assigned(let assignment) = apply(command) else { return nil }
        return assignment
    }
}
