// `faultline replay`: a recorded run again, and how far it drifted.

import Conductor
import Experiment
import Linux
import Testbed

struct ReplayCommand {
    private let flags: RunFlags
    private let path: String

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(
            rest, valued: RunFlags.valued.subtracting(["--seed"]), plain: RunFlags.plain)
        flags = try RunFlags(arguments)
        path = try arguments.onlyWord("incident file")
    }

    func perform() throws -> Int32 {
        let incident = try ExperimentLoader.incident(path: path)
        guard Sandbox.isInside else {
            let (topology, disks) = (incident.replayPlan.topology, incident.replayPlan.diskNodes)
            try HostLack.check(
                mapBytes: topology.storeCapacity, budgets: topology.hasBudgets,
                disks: !disks.isEmpty)
            return try Inside.run(
                arguments: [CommandLine.arguments[0], "replay"] + flags.flags + [path])
        }
        let (code, result) = try InsideRun(incident.replayPlan, flags).perform()
        if let result { Output.write(Drift(incident, result).text, to: 2) }
        return code
    }
}
