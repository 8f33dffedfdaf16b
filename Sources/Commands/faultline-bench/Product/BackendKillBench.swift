// A backend killed under 5,000 requests a second: how many of the requests failed that could have been
// repeated. All are GETs, sent by an open-loop plan; one of three backends gets SIGKILL with all that it
// has in hand, comes back, and the next is killed. Each answer takes 20 ms, so a third of about a
// hundred requests dies with each. HAProxy and nginx repeat them too, as they are told here.
//
// A kill counts only when the kernel says that the process ended by it, and when the backend had
// requests in hand is shown by the rate: one that no request reached would have cost nothing.

import Experiment
import Linux
import Reactor
import Testbed
import Wire

struct BackendKillBench {
    private static let rate = 5000
    private static let between: Duration = .milliseconds(1500)
    /// From a kill to the restart of what was killed.
    private static let away: Duration = .milliseconds(500)
    private static let rivals = [
        (name: "balancer", node: "ours-1"), (name: "HAProxy, one thread", node: "haproxy-1"),
        (name: "nginx, one worker", node: "nginx-1"),
    ]

    private let options: BenchOptions
    private let kills: Int
    private let faultline: String
    private let topology: String

    init(_ options: BenchOptions) throws {
        self.options = options
        kills = options.repetitions ?? 20
        faultline = try options.program("faultline")
        topology = BackendKillRivals.topology(
            node: try options.program("faultline-node"), own: try CurrentProcess.executablePath(),
            haproxy: try BenchOptions.tool("haproxy", debian: "haproxy"),
            nginx: try BenchOptions.tool("nginx", debian: "nginx-light"))
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Backend killed under load", of: topology, options, repetitions: kills
        ) { [self] stack in
            var table = MarkdownTable(
                "\(Self.rate)/s, \(kills) kills", "requests", "failed", "p99, ms", "longest, ms")
            for rival in Self.rivals {
                let outcome = try await measure(rival.node, stack)
                Heading.progress("\(rival.name): \(outcome.text)")
                table.add([rival.name] + outcome.cells)
            }
            return table
        }
    }

    /// The load from its start to its end, and the kills within it.
    @ReactorActor
    private func measure(_ node: String, _ stack: BenchStack) async throws -> KillOutcome {
        let length = Duration.seconds(3) + Self.between * kills
        let url = "http://\(try stack.address(of: node))/"
        let load = Task { @ReactorActor in
            try await stack.tool(
                [
                    faultline, "load", "--url=\(url)", "--rate=\(Self.rate)/s",
                    "--duration=\(Quantity.text(length))", "--connections=512", "--timeout=5s",
                    "--json",
                ], limit: length + .seconds(20))
        }
        let started = MonotonicTime.now() + .seconds(1)
        for kill in 0..<kills {
            await Reactor.sleep(until: started + Self.between * kill)
            try await Self.kill(stack.member(named: "app-\(kill % 3 + 1)"))
        }
        return try KillOutcome(try await load.value)
    }

    @ReactorActor
    private static func kill(_ member: Member) async throws {
        let back = MonotonicTime.now() + away
        let process = member.node.process
        guard try member.node.signal(.kill),
            await process?.waitForExit(deadline: back) == .killed(.kill)
        else { throw BenchError("\(member.name) was not killed") }
        await Reactor.sleep(until: back)
        try member.node.restart()
    }
}

/// What `faultline load --json` says of the requests.
struct KillOutcome: Equatable {
    let planned: Int
    /// Sent, or waiting for a connection, and without a good answer, whatever the reason.
    let failed: Int
    /// The generator itself came too late for them; no balancer saw them.
    let neverSent: Int
    /// The failed by their reasons.
    let reasons: String
    /// Milliseconds.
    let p99: Double
    let longest: Double

    /// Refuses figures of a generator that did not keep up with its plan.
    init(_ text: String) throws {
        guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
            throw BenchError("faultline load gave no figures:\n\(text)")
        }
        let summary = try JSON.parse(Array(line.utf8).span)
        guard let planned = summary["planned"]?.int, let ok = summary["ok"]?.int,
            let neverSent = summary["neverSent"]?.int, let latency = summary["latencyNanoseconds"],
            let p99 = latency["p99"]?.double,
            let longest = latency["max"]?.double
        else { throw BenchError("figures that are not whole: \(line)") }
        guard summary["valid"]?.bool == true, planned > 0 else {
            throw BenchError("the generator did not keep up: \(line)")
        }
        self.planned = planned
        self.neverSent = neverSent
        failed = planned - ok - neverSent
        reasons = ["failed", "unknown", "statuses", "shed"].compactMap { name in
            summary[name].map { "\(name) \($0.text)" }
        }.joined(separator: ", ")
        self.p99 = p99 / 1e6
        self.longest = longest / 1e6
    }

    var cells: [String] {
        [
            Figure.text(Double(planned), places: 0), Figure.text(Double(failed), places: 0),
            Figure.text(p99, places: 1), Figure.text(longest, places: 1),
        ]
    }

    var text: String {
        "\(failed) of \(planned) failed, p99 \(Figure.text(p99, places: 1)) ms"
            + (failed > 0 ? "; \(reasons)" : "")
            + (neverSent > 0 ? "; \(neverSent) never sent" : "")
    }
}
