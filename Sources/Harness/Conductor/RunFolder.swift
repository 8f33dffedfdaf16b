// Where one run keeps its files:
//
//     .faultline/runs/<experiment>/<UTC time>/     verdict.json, timeline.jsonl, history.jsonl, ...
//     .faultline/runs/<experiment>/latest          a link to the last one
//
// The folders of the nodes lie under it too, so that a failed run can be taken apart afterwards.

package import Linux

/// The folder of one run.
package struct RunFolder: Sendable {
    package let path: String

    /// Makes a fresh folder; two runs that start in the same second get different ones.
    package static func create(
        under root: String, experiment: String, at time: WallTime
    ) throws(SyscallError) -> RunFolder {
        let parent = "\(root)/\(experiment)"
        try File.makeDirectories(parent)
        let absolute = try File.resolved(parent)
        var attempt = 0
        while true {
            let name = time.compact + (attempt == 0 ? "" : "-\(attempt)")
            if try File.makeDirectory("\(absolute)/\(name)") {
                let folder = RunFolder(path: "\(absolute)/\(name)")
                try File.makeDirectories(folder.logs)
                try File.makeDirectories(folder.nodes)
                try File.link(name, at: "\(absolute)/latest")
                return folder
            }
            attempt += 1
        }
    }

    package var logs: String { "\(path)/logs" }
    package var nodes: String { "\(path)/nodes" }
    package var history: String { "\(path)/history.jsonl" }
    package var latencies: String { "\(path)/latency.hlog" }
    package var loadPlan: String { "\(path)/load-plan.json" }
    package var timeline: String { "\(path)/timeline.jsonl" }
    package var metrics: String { "\(path)/metrics.jsonl" }
    package var verdict: String { "\(path)/verdict.json" }
    package var junit: String { "\(path)/junit.xml" }
    package var summary: String { "\(path)/report.md" }
    package var incident: String { "\(path)/incident.yaml" }
}
