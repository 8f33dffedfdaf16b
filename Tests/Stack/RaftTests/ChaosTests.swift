// Safety while everything changes at once: one leader a term, one entry an index, no stale read.

import Testing

@testable import Raft

struct ChaosTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `members change under chaos and nothing is lost`(seed: UInt64) throws {
        var group = try ChaosGroup(seed: seed)
        try group.run(steps: 6000)
        #expect(try group.settles(), "after the chaos the members agree")
    }

    @Test func `the chaos reaches what it is meant to reach`() throws {
        var changes = 0
        var damages = 0
        var reads = 0
        for seed in 1...10 as ClosedRange<UInt64> {
            var group = try ChaosGroup(seed: seed)
            try group.run(steps: 6000)
            changes += group.changeCount
            damages += group.damageCount
            reads += group.readCount
        }
        #expect(changes > 30 && damages > 10 && reads > 100, "\(changes) \(damages) \(reads)")
    }

    @Test func `holes in logs that nobody tells of are found out`() throws {
        let isBroken = (1...60 as ClosedRange<UInt64>).contains { seed in
            do {
                var group = try ChaosGroup(seed: seed)
                group.concealsDamage = true
                try group.run(steps: 6000)
                return false
            } catch {
                return true
            }
        }
        #expect(isBroken)
    }
}
