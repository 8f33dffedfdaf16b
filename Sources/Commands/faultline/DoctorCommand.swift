// `faultline doctor`: what this host can do. The same checks guard every command that needs a
// sandbox, so that a run never finds out halfway.

import Linux
import Testbed
import Wire

/// Something that the host lacks, with the one line that mends it.
struct HostLack: Error, CustomStringConvertible {
    let lacks: [HostFinding]

    var description: String {
        lacks.map { "this host lacks \($0.name): \($0.detail)\n  mend it: \($0.mend)" }
            .joined(separator: "\n")
    }

    /// Throws what every run needs and this host, by its own word, has too little of; and what only
    /// nodes with budgets, or faults of disks, need, where there are any.
    ///
    /// `mapBytes` is the most that a replica of the store holds in any of the topologies.
    static func check(
        mapBytes: Int = 0, budgets: Bool = false, disks: Bool = false
    ) throws(HostLack) {
        let findings =
            HostCheck.all(mapBytes: mapBytes).filter(\.isNeeded)
            + (budgets ? [HostCheck.budgets()] : []) + (disks ? [HostCheck.disks()] : [])
        let lacks = findings.filter { !$0.isMet }
        if !lacks.isEmpty { throw HostLack(lacks: lacks) }
    }
}

struct DoctorCommand {
    private let json: Bool

    init(_ rest: ArraySlice<String>) throws {
        json = try Arguments(rest, plain: ["--json"]).has("--json")
    }

    func perform() throws -> Int32 {
        // First of all, since it starts this very command again inside.
        let tried = try Sandbox.capabilityReport(arguments: CommandLine.arguments)
        let findings = HostCheck.all() + [HostCheck.budgets(), HostCheck.disks()] + tried
        for finding in findings {
            let mark = finding.isMet ? "ok  " : finding.isNeeded ? "LACK" : "note"
            Output.write("\(mark)  \(finding.name): \(finding.detail)\n", to: 2)
            if !finding.isMet { Output.write("      mend it: \(finding.mend)\n", to: 2) }
        }
        for folder in LeftoverGroups.sweepHost() {
            Output.write("ok    removed what a killed run left: \(folder)\n", to: 2)
        }
        if json { Output.write(Self.json(findings).text + "\n", to: 1) }
        return findings.contains { $0.isNeeded && !$0.isMet } ? ExitCode.hostLacks : ExitCode.held
    }

    private static func json(_ findings: [HostFinding]) -> JSON {
        .array(
            findings.map { finding in
                [
                    "name": .string(finding.name), "met": .bool(finding.isMet),
                    "needed": .bool(finding.isNeeded), "detail": .string(finding.detail),
                    "mend": .string(finding.mend),
                ]
            })
    }
}
