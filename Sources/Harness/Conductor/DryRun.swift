// What a run would do, as text: for `faultline plan`.

import Checkers
package import Experiment
import Linux

package struct DryRun {
    private let plan: ExperimentPlan

    package init(_ plan: ExperimentPlan) { self.plan = plan }

    package var text: String {
        let nodes = plan.topology.plan(folder: "RUN/nodes", seed: plan.seed)
        var lines = [
            "experiment \(plan.name), seed \(plan.seed), topology \(plan.topology.name)", "",
        ]
        lines.append("nodes:")
        for node in nodes {
            lines.append("  \(column(node.name, 14))\(column("\(node.listen)", 20))\(node.tier)")
        }
        lines += ["", "phases:"]
        for span in PhaseClock(plan).spans {
            lines.append(
                "  \(column(span.phase.rawValue, 14))\(seconds(span.start)) to \(seconds(span.end))"
            )
        }
        lines += ["", "method, from the end of baseline:"]
        for step in plan.method {
            let times = "\(seconds(step.at.nanoseconds)) to \(seconds(step.end.nanoseconds))"
            lines.append("  \(column(times, 18))\(step.fault.word.rawValue) on \(step.target)")
        }
        lines += ["", "objectives:"]
        lines += plan.objectives.map { "  \($0.objective.text)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private func seconds(_ nanoseconds: Int64) -> String {
        let tenths = nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10)s"
    }
}
