// `faultline stack up`: a stack to poke at. The outer process listens on ports of 127.0.0.1 before
// the sandbox is entered; the inner one accepts there and connects on to the nodes.

import Blueprint
import Conductor
import Experiment
import Linux
import Reactor
import Testbed

struct StackCommand {
    private let path: String
    private let quiet: Bool
    private let forwards: [Forward]

    /// A listening descriptor that the inner process inherits, and the tier behind it.
    private struct Forward {
        let tier: String
        let descriptor: Int32

        var flag: String { "\(tier):\(descriptor)" }
    }

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(rest, valued: ["--forward"], plain: ["--quiet"])
        guard arguments.words.first == "up", arguments.words.count == 2 else {
            throw UsageError("expected: faultline stack up TOPOLOGY")
        }
        path = arguments.words[1]
        quiet = arguments.has("--quiet")
        forwards = (arguments.value("--forward") ?? "").split(separator: ",").compactMap { text in
            let parts = text.split(separator: ":")
            guard parts.count == 2, let descriptor = Int32(parts[1]) else { return nil }
            return Forward(tier: String(parts[0]), descriptor: descriptor)
        }
    }

    func perform() throws -> Int32 {
        let topology = try ExperimentLoader.topology(path: path)
        guard Sandbox.isInside else { return try startInside(topology) }
        try Sandbox.enter(arguments: CommandLine.arguments)
        let forwards = forwards.map { ($0.tier, $0.descriptor) }
        return Reactor.run { [quiet] () async -> Int32 in
            do {
                let view = LiveView(
                    isTerminal: CurrentProcess.isTerminal(2), colours: false, isQuiet: quiet)
                let options = try Programs.options(runsRoot: ".faultline/stacks")
                try await KeptStack(topology, options: options, view: view)
                    .run(forwarding: forwards)
                return ExitCode.held
            } catch {
                Output.write("faultline: \(error)\n", to: 2)
                return ExitCode.harnessFailed
            }
        }
    }

    private func startInside(_ topology: Topology) throws -> Int32 {
        try HostLack.check(mapBytes: topology.storeCapacity, budgets: topology.hasBudgets)
        var open: [Forward] = []
        for tier in topology.tiers where tier.kind != nil {
            if tier.kind == .geodns {
                let (datagrams, listener) = try Self.listenForBoth(near: tier.port)
                open.append(
                    Forward(tier: KeptStack.datagrams(of: tier.name), descriptor: datagrams))
                open.append(Forward(tier: tier.name, descriptor: listener))
            } else {
                let descriptor = try Self.listen(near: tier.port)
                open.append(Forward(tier: tier.name, descriptor: descriptor))
            }
            if case .builtin = tier.program {
                let metrics = try Self.listen(near: AddressPlan.metricsPort)
                open.append(Forward(tier: KeptStack.metrics(of: tier.name), descriptor: metrics))
            }
        }
        // None when every tier is somebody else's program.
        let flag =
            open.isEmpty ? [] : ["--forward=" + open.map(\.flag).joined(separator: ",")]
        return try Inside.run(
            arguments: [CommandLine.arguments[0], "stack", "up"] + flag
                + (quiet ? ["--quiet"] : []) + [path],
            keeping: open.map(\.descriptor))
    }

    /// The tier's own port where it is free, else one that the kernel chooses.
    private static func listen(near port: UInt16) throws(SyscallError) -> Int32 {
        for candidate in [port, port &+ 10_000, 0] {
            let address = SocketAddress(ip: .loopback, port: candidate)
            do throws(SyscallError) {
                return try Socket.listening(on: address).release()
            } catch {
                if error.errno != .addressInUse || candidate == 0 { throw error }
            }
        }
        preconditionFailure("port 0 is never in use")
    }

    /// One port for datagrams and connections, as DNS wants it.
    private static func listenForBoth(
        near port: UInt16
    ) throws(SyscallError) -> (datagrams: Int32, listener: Int32) {
        // Port 0 may give one for datagrams that somebody has for connections.
        for candidate in [port, port &+ 10_000] + Array(repeating: 0, count: 8) {
            do throws(SyscallError) {
                return try openBoth(at: candidate)
            } catch {
                if error.errno != .addressInUse { throw error }
            }
        }
        return try openBoth(at: 0)
    }

    private static func openBoth(
        at port: UInt16
    ) throws(SyscallError) -> (datagrams: Int32, listener: Int32) {
        let socket = try DatagramSocket(SocketAddress(ip: .loopback, port: port))
        let listener = try Socket.listening(on: try socket.localAddress())
        return (socket.release(), listener.release())
    }
}
