// Disk faults in experiment files: what a good step means, the words for bad ones, and which nodes
// they need a file system for.

import Testing

@testable import Experiment

struct DiskFaultTests {
    private func plan(_ step: String) throws -> ExperimentPlan {
        try Sample.load(
            try edit(
                Sample.experiment, "{at: 0s, for: 8s, fault: kill, target: store.shard-1.leader}",
                "{at: 0s, for: 8s, \(step)}"))
    }

    @Test func `what is left out has its default`() throws {
        let slow = try plan("fault: disk-latency, delay: 20ms, target: store.shard-1.leader")
        #expect(
            slow.method[0].fault
                == .disk(
                    .latency(
                        delay: .milliseconds(20), jitter: .zero, shape: .uniform,
                        DiskScope([.read, .write, .fsync]))))
        let bad = try plan("fault: disk-error, target: store")
        #expect(
            bad.method[0].fault
                == .disk(.error(.inputOutput, ratio: 1, DiskScope([.write, .fsync]))))
    }

    @Test func `every parameter is taken`() throws {
        let plan = try plan(
            "fault: disk-error, errno: ENOSPC, ratio: 10%, operations: [open, create], "
                + "path: \"**/*.log\", target: store")
        let scope = DiskScope([.open, .create], path: PathPattern("**/*.log"))
        #expect(plan.method[0].fault == .disk(.error(.noSpace, ratio: 0.1, scope)))
    }

    @Test(arguments: [
        ("fault: disk-latency, target: store", "needs the key \"delay\""),
        ("fault: disk-latency, delay: 1m, target: store", "above the greatest value, 10s"),
        ("fault: disk-latency, delay: 5ms, jitter: 6ms, target: store", "answers before"),
        ("fault: disk-error, operations: [], target: store", "\"operations\" is empty"),
        ("fault: disk-error, operations: [fsink], target: store", "unknown operation \"fsink\""),
        ("fault: disk-error, errno: EWHAT, target: store", "unknown errno \"EWHAT\""),
        ("fault: disk-error, path: /etc, target: store", "not a path within the data folder"),
        ("fault: disk-error, ratio: 0, target: store", "has no effect"),
        ("fault: disk-error, target: {isolate: store}", "its target cannot be links"),
    ])
    func `a slip is told`(step: String, expected: String) throws {
        let found = try headlines { try plan(step) }
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test(arguments: [
        ("store.shard-1.leader", ["store-1-1", "store-1-2", "store-1-3"]),
        ("one of store.shard-2", ["store-2-1", "store-2-2", "store-2-3"]),
        ("app-2", ["app-2"]),
        ("worker", ["worker-1", "worker-2"]),
    ])
    func `every node that may be meant gets a file system`(
        target: String, expected: [String]
    ) throws {
        let plan = try plan("fault: disk-error, target: \(target)")
        #expect(plan.diskNodes.sorted() == expected)
    }

    @Test func `a run without disk faults mounts nothing`() throws {
        #expect(try Sample.load(Sample.experiment).diskNodes.isEmpty)
    }

    @Test(arguments: [
        ("*", "a", true), ("*", "a/b", false), ("**", "a/b/c", true), ("**/c", "c", true),
        ("**/c", "a/b/c", true), ("a/**/c", "a/c", true), ("a/*.log", "a/x.log", true),
        ("a/*.log", "a/x.log.1", false), ("?.log", "x.log", true), ("?.log", "xy.log", false),
        ("*a*b", "xaybzb", true), ("*a*b", "xaybz", false), ("a", "b", false),
    ])
    func `a pattern matches`(pattern: String, path: String, expected: Bool) throws {
        let pattern = try #require(PathPattern(pattern))
        #expect(pattern.matches(path) == expected)
    }

    @Test(arguments: ["", "/a", "a/", "a//b", "../a", "./a"])
    func `what leads out of the folder is no pattern`(text: String) {
        #expect(PathPattern(text) == nil)
    }
}
