// Our cache beside redis-server, driven by redis-benchmark: each server on one core, the tool on the other, over
// the loopback of the server's own network, so that no link of ours is measured. GET, SET, INCR and MGET of ten
// keys, one command at a time and sixteen in a pipeline.

import Experiment
import Linux
import Reactor
import Testbed

struct CacheBench {
    private static let connections = "50"
    private static let valueSize = "3"
    private static let keys = "100000"

    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        _ = try BenchOptions.tool("redis-server", debian: "redis-server")
        _ = try BenchOptions.tool("redis-benchmark", debian: "redis-tools")
        _ = try BenchOptions.tool("taskset", debian: "util-linux")
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Cache against redis-server", of: RivalTopology.caches, options,
            repetitions: repetitions, measure)
    }

    /// What is asked, and how many times a measurement asks it.
    private enum Question: String, CaseIterable {
        case get = "GET"
        case set = "SET"
        case incr = "INCR"
        case mget = "MGET of 10"

        func arguments(pipeline: Int) -> [String] {
            let count = (pipeline == 1 ? 200_000 : 1_000_000) / (self == .mget ? 4 : 1)
            let size = ["-n", "\(count)"]
            switch self {
            case .get: return size + ["-t", "get"]
            case .set: return size + ["-t", "set"]
            case .incr: return size + ["-t", "incr"]
            case .mget:
                let keys = [String](repeating: "key:__rand_int__", count: 10)
                return size + ["MGET"] + keys
            }
        }
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> MarkdownTable {
        var table = MarkdownTable(
            "command", "pipeline", "ours/s", "least to most", "redis/s", "least to most", "ratio")
        let nodes = ["ours-1", "redis-1"]
        for node in nodes {
            try await pin(node, of: stack)
            // Every key is there before the first is asked for.
            _ = try await rate(["-n", "400000", "-t", "set", "-P", "16"], node, stack)
        }
        for pipeline in [1, 16] {
            for question in Question.allCases {
                var rates: [[Double]] = [[], []]
                for repetition in 0..<repetitions {
                    for side in repetition % 2 == 0 ? [0, 1] : [1, 0] {
                        let words =
                            ["-P", "\(pipeline)"] + question.arguments(pipeline: pipeline)
                        rates[side].append(try await rate(words, nodes[side], stack))
                        Heading.progress(
                            "\(question.rawValue), pipeline \(pipeline), \(nodes[side]): "
                                + "\(Figure.text(rates[side].last ?? 0, places: 0))/s")
                    }
                }
                table.add(row(question.rawValue, pipeline, rates))
            }
        }
        return table
    }

    private func row(_ name: String, _ pipeline: Int, _ rates: [[Double]]) -> [String] {
        let spreads = rates.map(Spread.init)
        let ratio = (spreads[0]?.median ?? 0) / max(1, spreads[1]?.median ?? 0)
        return [name, "\(pipeline)"] + spreads.flatMap { $0?.cells() ?? [] }
            + [Figure.text(ratio, places: 2)]
    }

    /// The server has the first core for itself.
    @ReactorActor
    private func pin(_ node: String, of stack: BenchStack) async throws {
        let member = try stack.member(named: node)
        guard let pid = member.node.process?.pid,
            try ToolRun.of(
                [BenchOptions.tool("taskset", debian: "util-linux"), "-acp", "0", "\(pid)"],
                limit: .seconds(5)
            ).status == .exited(0)
        else { throw BenchError("\(node) could not be given a core of its own") }
    }

    @ReactorActor
    private func rate(
        _ words: [String], _ node: String, _ stack: BenchStack
    ) async throws -> Double {
        let member = try stack.member(named: node)
        let tool =
            ["taskset", "-c", "1", "redis-benchmark", "-h", "\(member.plan.listen.ip)", "-p"]
            + ["\(member.plan.listen.port)", "-c", Self.connections, "-d", Self.valueSize]
            + ["-r", Self.keys, "--csv"] + words
        guard
            let text = await member.node.output(of: tool, deadline: .now() + .seconds(120))
        else { throw BenchError("redis-benchmark against \(node) failed") }
        return try RedisBenchmarkOutput.rate(in: text)
    }
}

enum RedisBenchmarkOutput {
    /// From the CSV of redis-benchmark 7: `"GET","81234.5","0.3",...`, after a line of heads.
    static func rate(in text: String) throws -> Double {
        let lines = text.split(whereSeparator: \.isNewline)
        let cells = (lines.last ?? "").split(separator: "\",\"")
        guard lines.count == 2, cells.count > 2, let rate = Double(cells[1]), rate > 0
        else { throw BenchError("redis-benchmark said no rate:\n\(text)") }
        return rate
    }
}
