// One `faultline run` of an experiment that the bench writes itself, and what its files say of it.

import Linux
import Wire

/// A finished run and where its files are.
struct ExperimentRun {
    let tool: ToolRun
    private let folder: String

    /// Runs `experiment`, a text without its topology, on a stack of its own or the one that the
    /// options name.
    ///
    /// The verdict does not matter, yet there has to be one: a run that was invalid has no figures.
    static func of(
        _ experiment: String, on topology: String? = nil, _ options: BenchOptions,
        in folder: BenchFolder, limit: Duration
    ) throws -> ExperimentRun {
        let topology = try File.resolved(topology ?? options.topology)
        let file = try folder.write(
            "experiment.yaml",
            """
            apiVersion: faultline/v1
            kind: Experiment
            name: bench
            topology: \(topology)

            """ + experiment)
        let runs = "\(folder.path)/runs"
        let tool = try ToolRun.of(
            [try options.program("faultline"), "run", "--runs=\(runs)", file], listening: .errors,
            limit: limit)
        guard tool.status == .exited(0) || tool.status == .exited(1) else {
            let last = tool.lines.suffix(20).map(\.text).joined(separator: "\n")
            throw BenchError("faultline run: \(tool.status); it said last:\n\(last)")
        }
        return ExperimentRun(tool: tool, folder: "\(runs)/bench/latest")
    }

    /// The lines of a file of the run, timeline.jsonl or history.jsonl.
    func lines(of name: String) throws -> [JSON] {
        let bytes = try File.contents(of: "\(folder)/\(name)")
        return try bytes.split(separator: 0x0A).map { try JSON.parse(Array($0).span) }
    }
}
