// What an app in a topology leans on, by its mode.

import Blueprint
import Linux
import Testing

@testable import Experiment

struct AppModeTests {
    private func topology(_ app: String) -> String {
        """
        apiVersion: faultline/v1
        kind: Topology
        name: modes
        entry: app
        tiers:
          app: {role: app\(app)}
          cache: {role: cache}
          store: {role: store, shards: 2, replicas: 1}
          queue: {role: queue}
        """
    }

    private func settings(_ app: String) throws -> AppSettings {
        let plan = try Sample.loadTopology(topology(app)).plan(folder: "/n", seed: 1)
        let node = try #require(plan.first { $0.name == "app-1" })
        guard case .builtin(let blueprint, _) = node.program,
            case .app(let settings) = blueprint.settings
        else { throw Missing() }
        return settings
    }

    private struct Missing: Error {}

    @Test func `a monolith leans on nobody`() throws {
        let settings = try settings(", mode: monolith, work: 5ms")
        #expect(settings.mode == .monolith)
        #expect(settings.work == .milliseconds(5))
        #expect(settings.cache.isEmpty && settings.shards.isEmpty && settings.queue.isEmpty)
    }

    @Test func `without a cache sessions are in the store, with one they are there`() throws {
        let plain = try settings(", store: store")
        #expect(plain.mode == .stateless)
        #expect(plain.sessions == .store)
        #expect(plain.shards.count == 2)
        #expect(plain.reads == .leader)
        let cached = try settings(", store: store, cache: cache, reads: followers")
        #expect(cached.sessions == .cache)
        #expect(cached.reads == .followers)
        let both = try settings(", store: store, cache: cache, queue: queue, sessions: store")
        #expect(both.sessions == .store)
        #expect(both.queue.count == 3 && both.queuePartitions == 4)
        #expect(try settings(", store: store, mode: sticky").mode == .sticky)
    }

    @Test(arguments: [
        ("", "6:8: error: tier app needs the key \"store\""),
        (
            ", mode: clustered, store: store",
            "6:26: error: unknown mode \"clustered\"; valid here: stateless, sticky, monolith"
        ),
        (
            ", mode: monolith, store: store",
            "6:43: error: a monolith has everything in itself and takes no \"store\""
        ),
        (
            ", mode: monolith, sessions: cache",
            "6:46: error: a monolith has everything in itself and takes no \"sessions\""
        ),
        (
            ", mode: sticky, store: store, sessions: store",
            "6:58: error: a sticky app keeps sessions in its own memory"
        ),
        (
            ", store: store, sessions: cache",
            "6:44: error: sessions: cache needs the key \"cache\""
        ),
        (
            ", store: store, queue: queue, work: 5ms",
            "6:54: error: \"work\" is the worker's where there is a queue"
        ),
        (
            ", store: cache",
            "6:27: error: tier \"cache\" must serve as store, but it serves a cache; did you mean "
                + "\"store\"?"
        ),
        (
            ", store: store, queu: queue",
            "6:34: error: unknown key \"queu\"; did you mean \"queue\"?"
        ),
    ])
    func `keys that do not go with the mode are refused`(app: String, line: String) throws {
        let found = try headlines { try Sample.loadTopology(topology(app)) }
        #expect(found.contains("stack.yaml:" + line), "\(found)")
    }
}
