// What this host allows, found out by doing it: a sandbox is started and builds a small testbed,
// and each step that is refused is told with the one command that mends it.

package import Linux

extension Sandbox {
    /// Tries everything that a testbed needs; for `doctor`, and to explain a refused `enter`.
    ///
    /// `HostCheck` reads what the host says of itself; this does it, so nothing is overlooked.
    /// Starts this program again with the same arguments inside a sandbox, where the same call
    /// takes the inner half of the trial and ends the process: so it must be reached before
    /// anything that has an effect.
    package static func capabilityReport(
        arguments: [String]
    ) throws(SyscallError) -> [HostFinding] {
        if isInside { InnerTrial.runAndExit() }
        let output = try MemoryFile.create("doctor")
        do throws(SyscallError) {
            let inner = try start(arguments: arguments, output: output.raw)
            let status = try inner.wait()
            let text = try MemoryFile.text(of: output)
            return [.tried("sandbox", problem: nil, mend: "")] + InnerTrial.parse(text, status)
        } catch {
            return [finding(behind: error)]
        }
    }

    /// What a refused `enter` says of the host.
    package static func finding(behind error: SyscallError) -> HostFinding {
        let mend = remedy(for: error, given: HostCheck.all())
        return .tried("sandbox", problem: error.description, mend: mend)
    }

    /// The line that makes `enter` work, given where it failed and what was found of the host.
    package static func remedy(for error: SyscallError, given findings: [HostFinding]) -> String {
        if error.stage.contains("mount(proc") {
            return "run the container with --security-opt systempaths=unconfined"
        }
        if error.errno == .noSpace { return "sudo sysctl user.max_user_namespaces=15000" }
        return findings.first { !$0.isMet && $0.isNeeded }?.mend
            ?? "run as root, or the container with --privileged"
    }
}

extension HostFinding {
    static func tried(
        _ name: String, problem: String?, mend: String, isNeeded: Bool = true
    ) -> HostFinding {
        HostFinding(
            name: name, isMet: problem == nil, isNeeded: isNeeded, detail: problem ?? "tried",
            mend: mend)
    }
}

/// What only the inside of a sandbox can try; the results come out as lines.
enum InnerTrial {
    private static let prefix = "tried"
    private static let separator: Character = "\t"

    private struct Step: Sendable {
        let name: String
        let remedy: String
        /// False for what only some experiments need.
        var isNeeded = true
        let run: @Sendable () throws(SyscallError) -> Void
    }

    private static let steps = [
        Step(name: "node namespaces", remedy: "run as root, or the container with --privileged") {
            () throws(SyscallError) in
            let namespace = try NetworkNamespace.create()
            try namespace.perform { () throws(SyscallError) in try Kernel.configureNode() }
        },
        Step(name: "virtual links", remedy: "sudo modprobe veth") { () throws(SyscallError) in
            let namespace = try NetworkNamespace.create()
            var socket = try RouteSocket()
            let ends = [10, 11].map { (index: Int32) in
                LinkEnd(
                    name: "check\(index)", index: index,
                    address: LinkAddress(kind: UInt8(index), .any))
            }
            try socket.perform([
                .newVeth(ends[0], peer: ends[1], peerNamespace: namespace.descriptor.raw),
                .deleteLink(index: ends[0].index),
            ])
        },
        Step(
            name: "policy routing", remedy: "boot a kernel with CONFIG_IP_MULTIPLE_TABLES=y"
        ) { () throws(SyscallError) in
            var socket = try RouteSocket()
            let rule = PolicyRule(priority: 1, source: .loopback, action: .blackhole)
            try socket.perform([.newRule(rule), .deleteRule(rule)])
        },
        Step(name: "packet sockets", remedy: "sudo modprobe af_packet") {
            () throws(SyscallError) in _ = try PacketRing(link: 1)
        },
        Step(name: "router", remedy: "mount /proc writable: a container needs --privileged") {
            () throws(SyscallError) in try Links(seed: 0).tearDown()
        },
        Step(name: "disk filter", remedy: HostCheck.diskMend, isNeeded: false) {
            () throws(SyscallError) in
            // Over any folder: the mount namespace is the trial's own and ends with it.
            try FuseMount.mount(try FuseMount.openDevice(), at: "/tmp")
            try FuseMount.unmount("/tmp", isLazy: true)
        },
    ]

    static func runAndExit() -> Never {
        for step in steps {
            var problem = ""
            do throws(SyscallError) {
                try step.run()
            } catch { problem = error.description }
            let fields = [prefix, step.name, problem, problem.isEmpty ? "" : step.remedy]
            print(fields.joined(separator: String(separator)))
        }
        CurrentProcess.exit(0)
    }

    /// Reads the lines; what is missing counts as a failure, since a trial that did not run
    /// has shown nothing.
    static func parse(_ text: String, _ status: ExitStatus) -> [HostFinding] {
        var found: [String: HostFinding] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: separator, omittingEmptySubsequences: false)
                .map(String.init)
            guard fields.count == 4, fields[0] == prefix else { continue }
            let step = steps.first { $0.name == fields[1] }
            found[fields[1]] = .tried(
                fields[1], problem: fields[2].isEmpty ? nil : fields[2], mend: fields[3],
                isNeeded: step?.isNeeded ?? true)
        }
        return steps.map { step in
            found[step.name]
                ?? .tried(
                    step.name, problem: "did not finish: \(status)", mend: step.remedy,
                    isNeeded: step.isNeeded)
        }
    }
}
