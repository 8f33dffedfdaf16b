// The election's rules, one test a rule, on a clock that the test moves; and that under random schedules there
// are never two leaders whose leases overlap.

import Testing

@testable import Cache

@Suite struct ElectionTests {
    private func at(_ milliseconds: Int64) -> CacheTime { CacheTime(milliseconds: milliseconds) }

    private func node(_ number: Int, of count: Int = 3, epoch: UInt64 = 0) -> ElectionState {
        ElectionState(
            node: number, memberCount: count, electionTimeout: 600, epoch: epoch, now: at(0),
            spread: 0)
    }

    private let nothing = ElectionState.Progress()

    @Test func `a node stands when it has heard nobody for the timeout, and not before`() {
        let node = node(1)
        #expect(!node.isDue(at: at(599)))
        #expect(node.isDue(at: at(600)))
    }

    @Test func `a majority makes a leader and its lease counts from the asking`() {
        var node = node(1)
        node.stand(at: at(700), spread: 0)
        #expect(!node.isLeader)
        node.count(vote: 2, in: node.epoch)
        #expect(node.isLeader)
        #expect(node.leaseEnd == at(1300))
        node.note(answer: 3, toldAt: at(900))
        #expect(node.leaseEnd == at(1500))
        node.note(answer: 2, toldAt: at(1000))
        #expect(node.leaseEnd == at(1600), "two of three stand by it: itself and the latest")
    }

    @Test func `a vote of another epoch does not count`() {
        var node = node(1)
        node.stand(at: at(700), spread: 0)
        node.stand(at: at(1400), spread: 0)
        node.count(vote: 2, in: 1)
        #expect(!node.isLeader)
    }

    @Test func `a node votes once an epoch`() {
        var node = node(3)
        #expect(
            node.vote(for: 1, in: 1, with: nothing, own: nothing, at: at(700), spread: 0) == true)
        #expect(
            node.vote(for: 2, in: 1, with: nothing, own: nothing, at: at(1400), spread: 0) == false)
        #expect(
            node.vote(for: 2, in: 2, with: nothing, own: nothing, at: at(1400), spread: 0) == true)
    }

    @Test func `who has heard a leader lately helps nobody else`() {
        var node = node(3)
        #expect(node.hear(leader: 1, in: 1, at: at(1000), spread: 0) == true)
        #expect(
            node.vote(for: 2, in: 2, with: nothing, own: nothing, at: at(1599), spread: 0) == false)
        #expect(
            node.vote(for: 2, in: 2, with: nothing, own: nothing, at: at(1600), spread: 0) == true)
    }

    @Test func `a node that starts may have heard a leader just before`() {
        var node = node(3, epoch: 5)
        #expect(
            node.vote(for: 2, in: 6, with: nothing, own: nothing, at: at(599), spread: 0) == false)
        #expect(
            node.vote(for: 2, in: 6, with: nothing, own: nothing, at: at(600), spread: 0) == true)
    }

    @Test func `nobody votes for a copy older than its own`() {
        var node = node(3)
        let own = ElectionState.Progress(epoch: 2, offset: 100)
        for theirs in [
            ElectionState.Progress(epoch: 2, offset: 99), .init(epoch: 1, offset: 500), nothing,
        ] {
            #expect(
                node.vote(for: 1, in: 9, with: theirs, own: own, at: at(900), spread: 0) == false)
        }
        #expect(node.vote(for: 1, in: 9, with: own, own: own, at: at(900), spread: 0) == true)
    }

    @Test func `a leader with a lease gives no vote and one without makes way`() {
        var node = node(1)
        node.stand(at: at(700), spread: 0)
        node.count(vote: 2, in: 1)
        #expect(
            node.vote(for: 3, in: 2, with: nothing, own: nothing, at: at(1299), spread: 0) == false)
        #expect(
            node.vote(for: 3, in: 2, with: nothing, own: nothing, at: at(1300), spread: 0) == true)
        #expect(!node.isLeader)
    }

    @Test func `a later epoch ends a leader, an earlier one is not heard`() {
        var node = node(1)
        node.stand(at: at(700), spread: 0)
        node.count(vote: 2, in: 1)
        #expect(node.hear(leader: 2, in: 0, at: at(800), spread: 0) == false)
        #expect(node.isLeader)
        node.note(epoch: 4)
        #expect(!node.isLeader)
        #expect(node.leaseEnd == nil)
    }

    @Test func `two nodes need each other`() {
        var node = node(1, of: 2)
        node.stand(at: at(700), spread: 0)
        #expect(!node.isLeader)
        node.count(vote: 2, in: 1)
        #expect(node.isLeader)
        #expect(node.leaseEnd == at(1300))
    }

    /// Nodes that hear each other or not as the seed has it; messages are late by up to 300 ms.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `no two leases overlap`(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        let count = random.number(below: 2) == 0 ? 3 : 5
        var nodes = (1...count).map { node($0, of: count) }
        var mail: [(due: Int64, to: Int, act: (inout ElectionState, CacheTime) -> Void)] = []
        var holder: (node: Int, epoch: UInt64)?
        var lease: Int64 = 0
        var leaders = 0
        var cut: Set<Int> = []
        for now in stride(from: Int64(0), to: 20_000, by: 10) {
            if random.number(below: 60) == 0 {
                cut = Set((0..<count).filter { _ in random.number(below: 3) == 0 })
            }
            for index in nodes.indices where nodes[index].isDue(at: at(now)) {
                nodes[index].stand(at: at(now), spread: Double(random.number(below: 100)) / 100)
                let (epoch, own) = (nodes[index].epoch, index + 1)
                for other in nodes.indices where other != index && !cut.contains(index) {
                    let late = now + Int64(random.number(below: 300))
                    guard !cut.contains(other),
                        nodes[other].vote(
                            for: own, in: epoch, with: .init(), own: .init(), at: at(now),
                            spread: 0.5)
                    else { continue }
                    mail.append(
                        (late, index, { node, _ in node.count(vote: other + 1, in: epoch) }))
                }
            }
            for index in nodes.indices where nodes[index].isLeader && !cut.contains(index) {
                let epoch = nodes[index].epoch
                for other in nodes.indices where other != index && !cut.contains(other) {
                    guard nodes[other].hear(leader: index + 1, in: epoch, at: at(now), spread: 0.3)
                    else { continue }
                    let late = now + Int64(random.number(below: 300))
                    mail.append(
                        (
                            late, index,
                            { node, _ in
                                node.note(answer: other + 1, toldAt: CacheTime(milliseconds: now))
                            }
                        ))
                }
            }
            for letter in mail where letter.due <= now { letter.act(&nodes[letter.to], at(now)) }
            mail.removeAll { $0.due <= now }
            for node in nodes {
                guard let end = node.leaseEnd, end > at(now) else { continue }
                if let holder, holder != (node.node, node.epoch) {
                    try #require(lease <= now, "node \(node.node) and \(holder.node) at \(now)")
                    leaders += 1
                }
                if holder.map({ $0 != (node.node, node.epoch) }) ?? true { lease = 0 }
                holder = (node.node, node.epoch)
                lease = max(lease, end.milliseconds)
            }
        }
        #expect(holder != nil, "a run without a leader shows nothing")
    }
}
