// The whole ladder: one phase after another, each with a stack of its own, taken down before the next.
// What a phase came to is kept whatever happens to those after it.

import Checkers
import Experiment
package import Linux
package import Reactor
package import Report
import Testbed
import Wire

/// A finished ladder and the folder with its files.
package struct LadderResult: Sendable {
    package let report: LadderReport
    package let folder: String
}

@ReactorActor
package final class LadderRunner {
    private let plan: LadderPlan
    private let options: ConductorOptions
    private let view: LiveView
    private let aborted: AbortSwitch
    private let began = MonotonicTime.now()
    private let started = WallTime.now()
    private var report: LadderReport
    private let folder: String

    /// Makes the ladder's folder under `options.runsRoot`; nothing is started yet.
    package init(
        _ plan: LadderPlan, options: ConductorOptions, view: LiveView, aborted: AbortSwitch
    ) throws(SyscallError) {
        self.plan = plan
        self.options = options
        self.view = view
        self.aborted = aborted
        folder = try Self.makeFolder(under: options.runsRoot, at: started)
        report = LadderReport(
            objectives: plan.objectives.map(\.text), load: plan.load, seed: plan.seed,
            started: started.rfc3339, host: HostIdentity.read().facts)
    }

    /// How long a user looks at a page, by which rates are told as users.
    package func assume(thinkTime: Duration) { report.thinkTime = thinkTime.seconds }

    /// Climbs as far as it gets; never throws, since whatever goes wrong is a result too.
    package func run() async -> LadderResult {
        for (index, topology) in plan.topologies.enumerated() where !aborted.isOn {
            var rung = LadderRung(topology)
            if index + 1 < plan.topologies.count {
                rung.next = topology.changes(to: plan.topologies[index + 1])
            }
            view.say("\(topology.name): starting \(rung.nodes) nodes")
            await climb(topology, &rung)
            report.rungs.append(rung)
        }
        report.signal = aborted.signal?.rawValue
        report.elapsed = (MonotonicTime.now() - began).nanoseconds
        save()
        return LadderResult(report: report, folder: folder)
    }

    private func climb(_ topology: Topology, _ rung: inout LadderRung) async {
        do {
            let testbed = try Testbed(seed: plan.seed)
            do {
                let phase = try await RunningPhase(
                    topology, in: testbed, folder: "\(folder)/\(topology.name)",
                    options: options, seed: plan.seed, aborted: aborted)
                rung.isHeld = phase.stack.members.allSatisfy { $0.node.group != nil }
                try await PhaseClimb(plan: plan, phase: phase, view: view, aborted: aborted)
                    .climb(&rung)
            } catch {
                note(error, &rung)
            }
            try await testbed.tearDown()
        } catch {
            report.failure = report.failure ?? "\(topology.name): \(error)"
        }
    }

    private func note(_ error: any Error, _ rung: inout LadderRung) {
        if aborted.isOn { return }
        rung.problems.append("\(error)")
        switch error {
        case StackError.missingProgram, StackError.budget(_, .lacking): report.isHostLacking = true
        case is LoadProblem, is StackError: break
        default: report.failure = report.failure ?? "\(rung.name): \(error)"
        }
        view.say("  \(rung.name)  \(error)")
    }

    private func save() {
        let files: [(String, [UInt8])] = [
            ("ladder.json", Array((report.json.text(.indented) + "\n").utf8)),
            ("ladder.svg", Array(report.svg.utf8)), ("ladder.html", Array(report.html.utf8)),
            ("ladder.txt", Array(report.text(coloured: false).utf8)),
        ]
        for (name, bytes) in files {
            do {
                try File.save(bytes, to: "\(folder)/\(name)")
            } catch {
                report.failure = report.failure ?? "\(error)"
            }
        }
    }

    /// `.faultline/ladders/<time>/`, with a link `latest`.
    private static func makeFolder(
        under root: String, at time: WallTime
    ) throws(SyscallError) -> String {
        try File.makeDirectories(root)
        let absolute = try File.resolved(root)
        var attempt = 0
        while true {
            let name = time.compact + (attempt == 0 ? "" : "-\(attempt)")
            if try File.makeDirectory("\(absolute)/\(name)") {
                try File.link(name, at: "\(absolute)/latest")
                return "\(absolute)/\(name)"
            }
            attempt += 1
        }
    }
}
