// `faultline doctor`: what this host can do. The same checks guard every command that needs a
// sandbox, so that a run never finds out halfway.

import Linux
import Testbed
import Wire

/// Something that the host lacks, with the one line that mends it.
struct HostLack: Error, CustomStringConvertible {
    let lacks: [HostCheck]

    var description: String {
        lacks.map { lack in
            "this host lacks \(lack.name): \(lack.problem ?? "")\n"
                + "  mend it: \(lack.remedy ?? "see faultline doctor")"
        }.joined(separator: "\n")
    }

    /// Throws what every run needs and this host has too little of.
    static func check() throws(HostLack) {
        let lacks = HostResources.checks.filter { !$0.isMet }
        if !lacks.isEmpty { throw HostLack(lacks: lacks) }
    }

    /// A sandbox that was refused, with what mends it.
    init(refused error: SyscallError) {
        self.init(lacks: [Sandbox.lack(behind: error)])
    }

    init(lacks: [HostCheck]) { self.lacks = lacks }
}

struct DoctorCommand {
    private let json: Bool

    init(_ rest: ArraySlice<String>) throws {
        json = try Arguments(rest, plain: ["--json"]).has("--json")
    }

    func perform() throws -> Int32 {
        let checks =
            try Sandbox.capabilityReport(arguments: CommandLine.arguments) + HostResources.checks
        for check in checks {
            Output.write("\(check.isMet ? "ok  " : "LACK")  \(check.name)", to: 2)
            if let problem = check.problem { Output.write(": \(problem)", to: 2) }
            Output.write("\n", to: 2)
            if let remedy = check.remedy { Output.write("      mend it: \(remedy)\n", to: 2) }
        }
        if json { Output.write(Self.json(checks).text + "\n", to: 1) }
        return checks.allSatisfy(\.isMet) ? ExitCode.held : ExitCode.hostLacks
    }

    private static func json(_ checks: [HostCheck]) -> JSON {
        .array(
            checks.map { check in
                [
                    "name": .string(check.name), "met": .bool(check.isMet),
                    "problem": check.problem.map { .string($0) } ?? .null,
                    "remedy": check.remedy.map { .string($0) } ?? .null,
                ]
            })
    }
}
