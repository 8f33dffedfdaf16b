// Which tier is called the bottleneck, and when none is.

import Checkers
import Testing

struct BottleneckTests {
    private static let second: Int64 = 1_000_000_000

    /// Six seconds of one node, changed as a test wants.
    private func samples(
        _ node: String, _ tier: String, _ change: (inout NodeSample, Int) -> Void
    ) -> [NodeSample] {
        (1...6).map { index in
            var sample = NodeSample(node: node, tier: tier, at: Int64(index) * Self.second)
            sample.cpu = 0.02
            sample.cpuBudget = 0.1
            change(&sample, index)
            return sample
        }
    }

    private var idle: [NodeSample] { samples("cache-1", "cache") { _, _ in } }

    @Test func `the tier that used its budget up is the bottleneck`() throws {
        let busy = samples("app-2", "app") { sample, index in
            sample.cpu = index >= 3 ? 0.099 : 0.05
            sample.throttled = index >= 3 ? 0.6 : 0
        }
        let found = Bottleneck(idle + samples("app-1", "app") { _, _ in } + busy)
        let first = try #require(found.saturated)
        #expect(first.tier == "app")
        #expect(first.node == "app-2")
        #expect(first.resource == .cpu)
        #expect(first.saturatedSince == 3 * Self.second)
        #expect(first.evidence.contains("of its 10% of a core"))
        #expect(found.findings.count == 2)
    }

    @Test func `the tier that saturated first comes before the one that is fuller`() {
        let early = samples("store-1-1", "store") { sample, index in
            sample.cpu = index >= 2 ? 0.092 : 0
        }
        let late = samples("app-1", "app") { sample, index in
            sample.cpu = index >= 4 ? 0.1 : 0.08
            sample.throttled = index >= 4 ? 0.9 : 0
        }
        #expect(Bottleneck(early + late).findings.map(\.tier) == ["store", "app"])
    }

    @Test func `one busy second is none`() {
        let spike = samples("app-1", "app") { sample, index in
            if index == 3 { sample.cpu = 0.1 }
        }
        let found = Bottleneck(idle + spike)
        #expect(found.saturated == nil)
        #expect(found.first?.tier == "app")
        #expect(found.text?.hasPrefix("bottleneck: none was saturated; nearest app") == true)
    }

    @Test func `without a budget a whole core is the mark`() {
        let busy = samples("app-1", "app") { sample, _ in
            sample.cpuBudget = nil
            sample.cpu = 0.95
        }
        let half = samples("app-1", "app") { sample, _ in
            sample.cpuBudget = nil
            sample.cpu = 0.5
        }
        #expect(Bottleneck(busy).saturated?.evidence == "app-1 used 95% of a core")
        #expect(Bottleneck(half).saturated == nil)
    }

    @Test func `a queue that grows has workers that are behind, a deep one that shrinks has not`() {
        let growing = samples("queue-1", "queue") { $0.queueDepth = 100 * $1 }
        let shrinking = samples("queue-1", "queue") { $0.queueDepth = 700 - 100 * $1 }
        #expect(Bottleneck(growing).saturated?.resource == .queue)
        #expect(Bottleneck(shrinking).saturated == nil)
    }

    @Test func `a wait for disks is put down to who writes most`() {
        let writer = samples("store-1-1", "store") { sample, _ in
            sample.diskWrites = 5e6
            sample.hostDiskWait = 0.9
        }
        let other = samples("app-1", "app") { sample, _ in
            sample.diskWrites = 1e3
            sample.hostDiskWait = 0.9
        }
        let found = Bottleneck(writer + other)
        #expect(found.saturated?.tier == "store")
        #expect(found.saturated?.resource == .disk)
        #expect(found.findings.first { $0.tier == "app" }?.saturatedSince == nil)
    }

    @Test func `a node that waits for a core of the host is not said to use its own up`() {
        let starved = samples("app-1", "app") { sample, _ in sample.runQueueWait = 0.8 }
        #expect(Bottleneck(starved).saturated?.resource == .host)
    }

    @Test func `what lies outside of the time judged does not count`() {
        let busy = samples("app-1", "app") { sample, _ in sample.cpu = 0.1 }
        #expect(Bottleneck(busy, in: 0..<Self.second).first == nil)
        #expect(Bottleneck([]).text == nil)
    }
}
