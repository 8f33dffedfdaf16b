// What this host allows, found out by doing it: a sandbox is started and builds a small testbed,
// and each step that is refused is told with the one command that mends it.

package import Linux

/// One thing that a testbed needs of the host.
package struct HostCheck: Equatable, Sendable {
    package let name: String
    /// What the kernel said; nil where the host has what is needed.
    package let problem: String?
    /// The one command, or failing that the one sentence, that mends it.
    package let remedy: String?

    package var isMet: Bool { problem == nil }

    static func met(_ name: String) -> HostCheck {
        HostCheck(name: name, problem: nil, remedy: nil)
    }
}

extension Sandbox {
    /// Tries everything that a testbed needs; for `doctor`, and to explain a refused `enter`.
    ///
    /// Starts this program again with the same arguments inside a sandbox, where the same call
    /// takes the inner half of the checks and ends the process: so it must be reached before
    /// anything that has an effect.
    package static func capabilityReport(
        arguments: [String]
    ) throws(SyscallError) -> [HostCheck] {
        if isInside { InnerChecks.runAndExit() }
        let output = try MemoryFile.create("doctor")
        do throws(SyscallError) {
            let inner = try start(arguments: arguments, output: output.raw)
            let status = try inner.wait()
            let text = try MemoryFile.text(of: output)
            return [.met("namespaces")] + InnerChecks.parse(text, status)
        } catch {
            return [lack(behind: error)]
        }
    }

    /// What a refused `enter` says of the host.
    package static func lack(behind error: SyscallError) -> HostCheck {
        HostCheck(
            name: "namespaces", problem: error.description,
            remedy: remedy(for: error, settings: .current))
    }

    /// The command that makes `enter` work, given where it failed and what the host has set.
    package static func remedy(for error: SyscallError, settings: HostSettings) -> String {
        if error.stage.contains("mount(proc") {
            return "run the container with --security-opt systempaths=unconfined"
        }
        if settings.userNamespacesMax == 0 || error.errno == .noSpace {
            return "sudo sysctl -w user.max_user_namespaces=10000"
        }
        if settings.allowsUnprivileged == 0 {
            return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
        }
        if settings.restrictedByAppArmor == 1 {
            return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        }
        return "run as root, or the container with --privileged"
    }
}

/// What the host has set about user namespaces; nil where its kernel has no such setting.
package struct HostSettings: Equatable, Sendable {
    /// user.max_user_namespaces, user_namespaces(7).
    package var userNamespacesMax: Int?
    /// kernel.unprivileged_userns_clone, Debian's.
    package var allowsUnprivileged: Int?
    /// kernel.apparmor_restrict_unprivileged_userns, Ubuntu's.
    package var restrictedByAppArmor: Int?

    package init(
        userNamespacesMax: Int? = nil, allowsUnprivileged: Int? = nil,
        restrictedByAppArmor: Int? = nil
    ) {
        self.userNamespacesMax = userNamespacesMax
        self.allowsUnprivileged = allowsUnprivileged
        self.restrictedByAppArmor = restrictedByAppArmor
    }

    package static var current: HostSettings {
        HostSettings(
            userNamespacesMax: read("user/max_user_namespaces"),
            allowsUnprivileged: read("kernel/unprivileged_userns_clone"),
            restrictedByAppArmor: read("kernel/apparmor_restrict_unprivileged_userns"))
    }

    private static func read(_ name: String) -> Int? {
        guard let text = try? File.text(of: "/proc/sys/\(name)") else { return nil }
        return Int(text.prefix { $0.isNumber })
    }
}

/// The checks that only the inside of a sandbox can make; their results come out as lines.
enum InnerChecks {
    private static let prefix = "check"
    private static let separator: Character = "\t"

    private struct Step: Sendable {
        let name: String
        let remedy: String
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

    /// Reads the lines; what is missing counts as a failure, since a check that did not run
    /// has shown nothing.
    static func parse(_ text: String, _ status: ExitStatus) -> [HostCheck] {
        var found: [String: HostCheck] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: separator, omittingEmptySubsequences: false)
                .map(String.init)
            guard fields.count == 4, fields[0] == prefix else { continue }
            found[fields[1]] = HostCheck(
                name: fields[1], problem: fields[2].isEmpty ? nil : fields[2],
                remedy: fields[3].isEmpty ? nil : fields[3])
        }
        return steps.map { step in
            found[step.name]
                ?? HostCheck(
                    name: step.name, problem: "the check did not finish: \(status)",
                    remedy: step.remedy)
        }
    }
}
