// What surrounds the cores in a simulation: the order of happenings, the links, the disks.

import Determinism
import Raft
import Testing

@testable import RaftSimulator

struct EventQueueTests {
    @Test func `events come out by time, and at one time in the order they went in`() {
        var queue = EventQueue<Int>()
        var random = SeededRandom(seed: 1)
        var expected: [(time: Int, event: Int)] = []
        for event in 0..<500 {
            let time = random.integer(in: 0..<50)
            queue.add(event, at: SimulatedTime(microseconds: time))
            expected.append((time, event))
        }
        expected.sort { ($0.time, $0.event) < ($1.time, $1.event) }
        for next in expected {
            let found = queue.next(until: .seconds(1))
            #expect(found?.event == next.event && found?.time.microseconds == next.time)
        }
        #expect(queue.next(until: .seconds(1)) == nil)
    }

    @Test func `an event behind the limit stays`() {
        var queue = EventQueue<Int>()
        queue.add(1, at: .milliseconds(10))
        #expect(queue.next(until: .milliseconds(9)) == nil)
        #expect(queue.next(until: .milliseconds(10))?.event == 1)
    }
}

struct SimulatedNetworkTests {
    private func cuts(_ partition: Partition, of size: Int) -> Set<[Int]> {
        let network = SimulatedNetwork(size: size, random: SeededRandom(seed: 1))
        let links = network.links(of: partition) { target in
            guard case .place(let place) = target else { return 0 }
            return place
        }
        return Set(links.map { [$0.from, $0.to] })
    }

    @Test func `each shape cuts the links that it says`() {
        #expect(cuts(.isolated(.place(1)), of: 3) == [[1, 0], [1, 2], [0, 1], [2, 1]])
        #expect(cuts(.muted(.place(1)), of: 3) == [[1, 0], [1, 2]])
        #expect(cuts(.deafened(.place(1)), of: 3) == [[0, 1], [2, 1]])
        #expect(cuts(.split(mask: 0b001), of: 3) == [[0, 1], [0, 2], [1, 0], [2, 0]])
        #expect(cuts(.bridge(.place(0)), of: 3) == [[1, 2], [2, 1]])
        #expect(cuts(.pair(.place(0), .place(2)), of: 3) == [[0, 1], [1, 0], [1, 2], [2, 1]])
        #expect(cuts(.link(from: .place(2), to: .place(0)), of: 3) == [[2, 0]])
    }

    @Test func `in a ring each of five hears two others`() {
        let cut = cuts(.ring, of: 5)
        for node in 0..<5 {
            #expect((0..<5).count { $0 != node && !cut.contains([$0, node]) } == 2)
        }
    }

    @Test func `a link that two partitions cut is whole when both are over`() {
        var network = SimulatedNetwork(size: 2, random: SeededRandom(seed: 1))
        func arrives() -> Bool { network.delays(from: 0, to: 1, .calm).first != nil }
        network.change([(0, 1)], cut: true)
        network.change([(0, 1)], cut: true)
        network.change([(0, 1)], cut: false)
        #expect(!arrives())
        network.change([(0, 1)], cut: false)
        #expect(arrives())
    }

    @Test func `weather loses and repeats as often as it says`() {
        var network = SimulatedNetwork(size: 2, random: SeededRandom(seed: 1))
        var weather = Weather()
        weather.lost = 200
        weather.repeated = 100
        let fates = (0..<5000).map { _ in network.delays(from: 0, to: 1, weather) }
        #expect((900...1100).contains(fates.count { $0.first == nil }))
        #expect((400...600).contains(fates.count { $0.second != nil }))
    }
}

struct SimulatedDiskTests {
    /// A ready of a follower that takes three entries of a new term's leader.
    private func ready() throws -> Ready {
        let membership = Membership(voters: [NodeID(1), NodeID(2)])
        var node = try RaftNode(
            configuration: RaftConfiguration(id: NodeID(1), membership: membership, seed: 1))
        let entries = (1...3 as ClosedRange<UInt64>).map {
            LogEntry(index: LogIndex($0), term: Term(2), payload: .noOp)
        }
        let append = AppendRequest(previous: .zero, entries: entries, commit: .zero)
        node.step(
            .message(
                RaftMessage(from: NodeID(2), to: NodeID(1), term: Term(2), body: .append(append))))
        let ready = node.takeReady()
        return try #require(ready)
    }

    @Test(arguments: [(0, 0, 0), (1, 2, 0), (2, 2, 1), (4, 2, 3), (9, 2, 3)])
    func `a torn write leaves its first parts`(
        _ row: (parts: Int, term: UInt64, entries: Int)
    ) throws {
        var disk = SimulatedDisk()
        try disk.write(try ready(), staged: nil, partsMax: row.parts)
        #expect(disk.hardState.term == Term(row.term))
        #expect(disk.entries.count == row.entries)
    }

    @Test func `a journal takes no entries with a gap before them`() throws {
        var disk = SimulatedDisk()
        let ready = try self.ready()
        try disk.write(ready, staged: nil)
        #expect(throws: Violation.self) { try disk.write(ready, staged: nil) }
    }

    @Test func `the disk knows what it holds`() throws {
        var disk = SimulatedDisk()
        try disk.write(try ready(), staged: nil)
        #expect(disk.holds(LogPosition(index: LogIndex(3), term: Term(2))))
        #expect(!disk.holds(LogPosition(index: LogIndex(3), term: Term(1))))
        #expect(!disk.holds(LogPosition(index: LogIndex(4), term: Term(2))))
    }
}
