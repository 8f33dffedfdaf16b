// Experiments: what a good one means, and a table of slips with the very words and places of their
// errors.

import Testing

@testable import Experiment

struct ExperimentReaderTests {
    @Test func `a good experiment becomes typed values`() throws {
        let plan = try Sample.load(Sample.experiment)
        #expect(plan.name == "sample")
        #expect(plan.seed == 7)
        #expect(plan.load.rate == 400)
        #expect(plan.load.journeys.map(\.journey) == [.browse, .post, .checkout])
        #expect(plan.load.connections == 256)
        #expect(plan.load.timeout == .seconds(2))
        #expect(plan.phases.baseline == .seconds(5))
        #expect(plan.method.map(\.id) == ["1", "2"])
        #expect(plan.method[0].fault == .kill(signal: .kill))
        #expect(
            plan.method[1].fault == .link(.latency, Impairment(delay: .milliseconds(50))))
        #expect(plan.method[1].target.description == "{between: [app, one of cache]}")
        #expect(plan.method[1].location.description == "x.yaml:15:5")
        #expect(plan.objectives.map(\.objective.text).count == 2)
        #expect(plan.recoveryCriterion == RecoveryCriterion())
    }

    @Test func `a step that repeats is as many steps`() throws {
        let text = try edit(Sample.experiment, "for: 8s", "for: 8s, repeat: 3, every: 10s")
        let plan = try Sample.load(text)
        #expect(plan.method.map(\.id) == ["1.1", "1.2", "1.3", "2"])
        #expect(plan.method.map(\.at) == [.zero, .seconds(10), .seconds(20), .seconds(10)])
        #expect(plan.method[2].end == .seconds(28))
        #expect(plan.method[2].location.description == "x.yaml:14:5")
    }

    @Test func `the lengths follow from the phases and the method`() throws {
        let plan = try Sample.load(Sample.experiment)
        #expect(plan.methodLength == .seconds(100))
        #expect(plan.length == .seconds(3 + 5 + 100 + 4 + 3))
    }

    @Test func `what is left out has its default`() throws {
        let text = try edit(
            Sample.experiment, "phases: {warmup: 3s, baseline: 5s, recovery: 4s, tail: 3s}\n", "")
        let plan = try Sample.load(try edit(text, "  arrivals: poisson\n", ""))
        #expect(plan.phases == PhasePlan())
        #expect(plan.load.arrivals == .poisson)
    }

    /// A part of the sample, what is put in its place, and the error.
    @Test(arguments: [
        ("seed: 7", "sead: 7", "5:1: error: unknown key \"sead\"; did you mean \"seed\"?"),
        (
            "seed: 7", "colour: 7",
            "5:1: error: unknown key \"colour\"; an experiment takes apiVersion, kind, name, "
                + "description, topology, seed, load, phases, recovered, method, objectives"
        ),
        ("seed: 7", "seed: -7", "5:7: error: \"-7\" is not a whole number from 0 to 2^64 - 1"),
        ("seed: 7", "seed:", "5:6: error: \"seed\" has no value"),
        (
            "name: sample", "name: My Test",
            "3:7: error: a name is made of a-z, 0-9 and dashes, not \"M\""
        ),
        (
            "name: sample", "name: a/b",
            "3:8: error: a name is made of a-z, 0-9 and dashes, not \"/\""
        ),
        (
            "faultline/v1", "faultline/v2",
            "1:13: error: unknown version \"faultline/v2\"; did you mean \"faultline/v1\"?"
        ),
        (
            "kind: Experiment", "kind: Experimnt",
            "2:7: error: unknown kind \"Experimnt\"; did you mean \"Experiment\"?"
        ),
        (
            "kind: Experiment", "kind: Topology",
            "2:7: error: the kind is Topology, where Experiment is wanted"
        ),
        ("rate: 400/s", "rate: 400", "8:9: error: \"400\" has no unit; write 400/s"),
        ("rate: 400/s", "rate: 0/s", "8:9: error: the rate must be above 0/s, not 0/s"),
        (
            "rate: 400/s", "rate: 9000000/s",
            "8:9: error: 9000000/s is above the greatest value, 1000000/s"
        ),
        ("rate: 400/s", "rate: [400/s]", "8:9: error: \"rate\" must be a single value, not a list"),
        (
            "poisson", "poison",
            "7:13: error: unknown arrival process \"poison\"; did you mean \"poisson\"?"
        ),
        (
            "users: 500",
            "users: 500\n  spikes: [{at: 8s, for: 3s, factor: 10}, {at: 10s, for: 1s, factor: 2}]",
            "11:43: error: this spike begins before the one above it ends, at 11s"
        ),
        (
            "users: 500", "users: 500\n  spikes: [{at: 8s, for: 3s}]",
            "11:12: error: a spike needs the key \"factor\""
        ),
        (
            "users: 500", "users: 500\n  spikes: [{at: 8s, for: 3s, factor: 5000}]",
            "11:38: error: 5000 is above the greatest value, 1000.0"
        ),
        ("users: 500", "users: 0", "10:10: error: 0 is below the least value, 1"),
        ("timeout: 2s", "timeout: 2", "11:12: error: \"2\" has no unit; write 2ms, 2s or 2m"),
        ("timeout: 2s", "timeout: 2m", "11:12: error: 2m is above the greatest value, 1m"),
        ("timeout: 2s", "timeout: 0s", "11:12: error: 0s is below the least value, 1ms"),
        (
            "post: 20%", "post: 30%",
            "9:13: error: the shares of the journeys sum to 110.0%, not 100%"
        ),
        ("post: 20%", "post: 0%", "9:33: error: a share of 0 has no effect; leave it out"),
        ("post: 20%", "pots: 20%", "9:27: error: unknown key \"pots\"; did you mean \"post\"?"),
        (
            "warmup: 3s", "warm-up: 3s",
            "12:10: error: unknown key \"warm-up\"; did you mean \"warmup\"?"
        ),
        ("baseline: 5s", "baseline: 0s", "12:32: error: 0s is below the least value, 1s"),
        ("tail: 3s", "fault: 3s", "12:57: error: the fault phase lasts as long as the method does"),
        (
            "fault: kill", "fault: kil",
            "14:30: error: unknown fault \"kil\"; did you mean \"kill\"?"
        ),
        (
            "fault: kill", "fault: explode",
            "14:30: error: unknown fault \"explode\"; valid here: kill, pause, latency, loss, "
                + "duplicate, reorder, corrupt, rate, partition, slowloris, cache-flush, "
                + "shard-split, shard-move, disk-latency, disk-error"
        ),
        (
            "for: 8s", "for: 8s, repeat: 3",
            "14:5: error: a step needs the key \"every\""
        ),
        (
            "for: 8s", "for: 8s, repeat: 3, every: 8s",
            "14:41: error: \"every\" must be longer than \"for\", 8s, or a repetition would begin "
                + "before the last is healed"
        ),
        (
            "for: 8s", "for: 8s, repeat: 500, every: 10s",
            "14:43: error: 500 repetitions take longer than 1h"
        ),
        ("for: 8s", "for: 8s, repeat: 1, every: 9s", "14:31: error: 1 is below the least value, 2"),
        ("at: 0s, for: 8s", "at: -1s, for: 8s", "14:10: error: a duration cannot be negative"),
        ("at: 0s, for: 8s", "at: 0s, for: 0s", "14:19: error: 0s is below the least value, 1ms"),
        ("at: 0s, for: 8s", "at: 0s, for: 2h", "14:19: error: 2h is above the greatest value, 1h"),
        ("at: 0s, for: 8s", "at: 0s", "14:5: error: a step needs the key \"for\""),
        ("at: 0s, for: 8s", "for: 8s", "14:5: error: a step needs the key \"at\""),
        (
            "at: 0s, for: 8s", "at: 0s, fro: 8s, for: 8s",
            "14:14: error: unknown key \"fro\"; did you mean \"for\"?"
        ),
        (
            "fault: kill,", "fault: kill, delay: 5ms,",
            "14:36: error: unknown key \"delay\"; a step takes at, fault, target, for, repeat, every, signal"
        ),
        (
            "fault: kill,", "fault: kill, signal: TREM,",
            "14:44: error: unknown signal \"TREM\"; did you mean \"TERM\"?"
        ),
        ("delay: 50ms", "delay: 50", "18:12: error: \"50\" has no unit; write 50ms, 50s or 50m"),
        ("    delay: 50ms\n", "", "15:5: error: a step needs the key \"delay\""),
        (
            "delay: 50ms", "delay: 50ms\n    jitter: 51ms",
            "19:13: error: a jitter above the delay, 50ms, would need packets to arrive before "
                + "they were sent"
        ),
        (
            "fault: latency\n    delay: 50ms", "fault: loss\n    ratio: 2",
            "18:12: error: 2 is not between 0 and 1, or 0% and 100%; did you mean \"2%\"?"
        ),
        ("availability >= 99.9%", "availability >= 999%", "21:21: error: a ratio is at most 100%"),
        (
            "\"recovery < 2s after each fault\"", "\"recovery < 2 after each fault\"",
            "22:18: error: a duration needs a unit: ns, us, ms, s, m or h"
        ),
        (
            "- availability >= 99.9% in baseline", "- linearizable store",
            "21:5: error: \"linearizable\" cannot be judged yet; use lost_writes == 0"
        ),
        (
            "- availability >= 99.9% in baseline", "- {a: b}",
            "21:5: error: an objective must be a single value, not a mapping"
        ),
    ])
    func `a slip is refused with its place and the right word`(
        part: String, replacement: String, expected: String
    ) throws {
        let text = try edit(Sample.experiment, part, replacement)
        #expect(try headlines { try Sample.load(text) } == ["x.yaml:" + expected])
    }

    @Test(arguments: [
        ("app-9", "no node \"app-9\" in topology stack; tier app has app-1 to app-3", 44),
        ("ap", "no tier or node \"ap\" in topology stack; did you mean \"app\"?", 44),
        (
            "nginx",
            "no tier or node \"nginx\" in topology stack; it has balancer, app, cache, "
                + "store, queue, worker",
            44
        ),
        (
            "one of nginx",
            "no tier or node \"nginx\" in topology stack; it has balancer, app, cache, "
                + "store, queue, worker",
            51
        ),
        ("4 of app", "4 of app cannot be, for there are 3", 44),
        ("0 of app", "\"0\" is not a number of nodes", 44),
        ("0% of app", "0% is not above 0% and up to 100%", 44),
        (
            "minorty of store.shard-1",
            "unknown amount \"minorty\"; write one, 2, 50%, minority or majority; did you "
                + "mean \"minority\"?",
            44
        ),
        (
            "one app",
            "\"one app\" is not a target such as app-2, one of app, store.shard-1.leader or region eu",
            44
        ),
        ("store.shard-3", "tier store has no shard-3, but shard-1 to shard-2", 44),
        ("app.shard-1", "tier app has no shards", 44),
        ("app.leader", "tier app has no leader, for it has no role probe", 44),
        ("cache.leader", "tier cache has no leader, for it has no role probe", 44),
        (
            "queue.leader",
            "each partition of tier queue has a leader of its own; name one; did you mean "
                + "\"queue.partition-1.leader\"?", 44
        ),
        (
            "queue.partition-5.leader",
            "tier queue has no partition-5, but partition-1 to partition-4", 44
        ),
        ("queue.partition-x", "\"partition-x\" is not a partition such as partition-1", 50),
        ("store.partition-1", "tier store has no partitions", 44),
        ("queue.shard-1", "tier queue has no shards", 44),
        (
            "store.shard-1.leeder",
            "unknown part \"leeder\" of a target; a path ends in leader or followers; did "
                + "you mean \"leader\"?",
            58
        ),
        ("store.shard-x", "\"shard-x\" is not a shard such as shard-1", 50),
        ("store.leader.x", "nothing can follow \"leader\", but \"x\" does", 57),
        ("app-1.leader", "app-1 is one node of tier app, it has no shards or followers", 44),
        ("2 of app-1", "app-1 is one node; an amount is taken from a tier or shard", 44),
        ("minority of cache", "cache has no minority, for it has 1 nodes", 44),
        ("2 of store.leader", "", 0),  // two shards have two leaders: valid
        ("50% of app", "", 0), ("majority of store.shard-2", "", 0), ("app-2", "", 0),
        ("store-2-3", "", 0), ("queue.partition-4.leader", "", 0),
        ("queue", "", 0), ("minority of queue.partition-1", "", 0),
        ("2 of store.shard-1.followers", "", 0),
        ("[app]", "a target is one selection, not a list; name a tier", 44),
        ("{isolate: app}", "kill acts on nodes, so its target cannot be links", 44),
    ])
    func `a target is held to the topology`(target: String, message: String, column: Int) throws {
        let text = try edit(Sample.experiment, "store.shard-1.leader", target)
        if message.isEmpty {
            #expect(throws: Never.self) { try Sample.load(text) }
        } else {
            #expect(
                try headlines { try Sample.load(text) }
                    == ["x.yaml:14:\(column): error: \(message)"])
        }
    }

    @Test(arguments: [
        ("{between: [app]}", "19:23: error: \"between\" takes exactly 2 selections, not 1"),
        ("{split: [app]}", "19:21: error: \"split\" takes 2 or more selections, not 1"),
        ("{from: app}", "19:13: error: {from: A, to: B} needs both ends"),
        (
            "{from: app, to: chache}",
            "19:29: error: no tier or node \"chache\" in topology stack; did you mean \"cache\"?"
        ),
        (
            "{isolate: app, split: [app, cache]}",
            "19:13: error: a link target is one of {isolate: A}, {split: [A, B]}, {from: A, to: B} "
                + "and {between: [A, B]}"
        ),
        ("app", ""), ("{from: app, to: cache}", ""), ("{split: [app, cache, queue]}", ""),
    ])
    func `a link target has one of four forms`(target: String, expected: String) throws {
        let text = try edit(Sample.experiment, "{between: [app, one of cache]}", target)
        if expected.isEmpty {
            #expect(throws: Never.self) { try Sample.load(text) }
        } else {
            #expect(try headlines { try Sample.load(text) } == ["x.yaml:" + expected])
        }
    }

    @Test(arguments: [
        (
            "{at: 0s, for: 1s, fault: partition, target: app}",
            "a partition needs links; write {isolate: app}", 47
        ),
        (
            "{at: 0s, for: 1s, fault: cache-flush, target: cache}",
            "cache-flush happens at once, so it takes no \"for\"", 17
        ),
        (
            "{at: 0s, fault: cache-flush, target: app}",
            "cache-flush needs a cache, and tier app is none; did you mean \"cache\"?", 40
        ),
        ("{at: 0s, fault: cache-flush, target: cache}", "", 0),
        ("{at: 0s, for: 1s, fault: shard-split, target: store.shard-1}", "", 0),
        (
            "{at: 0s, fault: shard-split, target: store}",
            "shard-split needs one shard of a store, as store.shard-1", 40
        ),
        (
            "{at: 0s, fault: shard-split, target: cache}",
            "shard-split needs one shard of a store, as store.shard-1", 40
        ),
        (
            "{at: 0s, fault: shard-split, boundary: 0, target: store.shard-1}",
            "0 is below the least value, 1", 42
        ),
        (
            "{at: 0s, fault: shard-move, target: store.shard-1}",
            "a step needs the key \"to\"", 3
        ),
        (
            "{at: 0s, fault: shard-move, to: store, target: store.shard-1}",
            "\"to\" names the nodes of another shard, as store.shard-2", 35
        ),
        (
            "{at: 0s, fault: shard-move, to: store.shard-1, target: store.shard-1}",
            "a shard is moved to the nodes of another one of its store", 3
        ),
        ("{at: 0s, fault: shard-split, target: store.shard-1}", "", 0),
        ("{at: 0s, fault: shard-split, boundary: 7, target: store.shard-1}", "", 0),
        ("{at: 0s, fault: shard-move, to: store.shard-2, target: store.shard-1}", "", 0),
        ("{at: 0s, for: 2s, fault: shard-move, to: store.shard-2, target: store.shard-1}", "", 0),
        ("{at: 0s, for: 1s, fault: partition, target: {isolate: app}}", "", 0),
    ])
    func `a fault is held to what it can act on`(
        step: String, message: String, column: Int
    ) throws {
        let text = try edit(
            Sample.experiment, "{at: 0s, for: 8s, fault: kill, target: store.shard-1.leader}", step)
        if message.isEmpty {
            #expect(throws: Never.self) { try Sample.load(text) }
        } else {
            let place = "x.yaml:14:\(column + 2)"
            #expect(try headlines { try Sample.load(text) } == ["\(place): error: \(message)"])
        }
    }

    @Test func `all problems of a file are told at once`() throws {
        var text = try edit(Sample.experiment, "rate: 400/s", "rate: 400")
        text = try edit(text, "fault: kill", "fault: kil")
        text = try edit(text, "seed: 7", "sead: 7")
        text = try edit(text, "delay: 50ms", "delay: fast")
        let lines = try headlines { try Sample.load(text) }.map { $0.split(separator: ":")[1] }
        #expect(lines == ["5", "8", "14", "18"])
    }

    @Test(arguments: ["name", "topology", "load", "method", "objectives"])
    func `a key that must be there is missed`(key: String) throws {
        let text = try edit(Sample.experiment, "\n\(key):", "\nx-\(key):")
        let found = try headlines { try Sample.load(text) }
        #expect(found.contains("x.yaml:1:1: error: an experiment needs the key \"\(key)\""))
    }

    @Test func `a method or a list of objectives that is empty is refused`() throws {
        let head = try #require(Sample.experiment.firstRange(of: "method:"))
        let text = Sample.experiment[..<head.lowerBound] + "method: []\nobjectives: []\n"
        #expect(
            try headlines { try Sample.load(String(text)) } == [
                "x.yaml:13:9: error: \"method\" has no step: nothing would be tested",
                "x.yaml:14:13: error: \"objectives\" is empty: a run without one could only pass",
            ])
    }

    @Test func `an objective may only name faults and journeys of the file`() throws {
        let text = try edit(
            Sample.experiment, "- availability >= 99.9% in baseline",
            "- p99 {journey=profile} < 1s\n  - recovery < 1s after partition")
        let found = try headlines { try Sample.load(text) }
        #expect(found.count == 2)
        #expect(found[0].hasPrefix("x.yaml:21:18: error: unknown journey \"profile\""))
        #expect(found[1].hasPrefix("x.yaml:22:25: error: unknown fault \"partition\""))
    }

    @Test func `an objective about a phase without length is refused`() throws {
        let head = try #require(Sample.experiment.firstRange(of: "phases:"))
        let text =
            Sample.experiment[..<head.lowerBound] + """
                phases: {warmup: 0s}
                method:
                  - {at: 0s, fault: cache-flush, target: cache}
                objectives:
                  - availability > 1% in fault
                  - availability > 1% in warmup
                  - availability > 1% in tail
                """
        #expect(
            try headlines { try Sample.load(String(text)) } == [
                "x.yaml:16:5: error: the fault phase is empty, for every fault happens at "
                    + "once at 0s",
                "x.yaml:17:5: error: the warmup phase is empty",
            ])
    }
}
