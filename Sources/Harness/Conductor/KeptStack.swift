// A stack that stays up until a signal, with one node a tier forwarded to the host's loopback.

package import Experiment
import Linux
package import Reactor
import Testbed

@ReactorActor
package final class KeptStack {
    private let topology: Topology
    private let options: ConductorOptions
    private let view: LiveView

    package init(_ topology: Topology, options: ConductorOptions, view: LiveView) {
        self.topology = topology
        self.options = options
        self.view = view
    }

    /// Starts, forwards (tier, listening descriptor) pairs, waits for a signal, takes it all down.
    package func run(forwarding forwards: [(tier: String, descriptor: Int32)]) async throws {
        let signals = try SignalWatch([.interrupt, .terminate, .hangUp])
        let folder = try RunFolder.create(
            under: options.runsRoot, experiment: topology.name, at: .now())
        let testbed = try Testbed(seed: 1)
        do {
            let stack = Stack(
                testbed: testbed, nodeProgram: options.nodeProgram, logsFolder: folder.logs)
            try await stack.start(
                topology.plan(folder: folder.nodes, seed: 1), wideArea: topology.wideArea,
                deadline: options.startTimeout)
            try forward(forwards, to: stack)
            view.say("\(topology.name) is up; logs in \(folder.logs); Ctrl-C takes it down")
            _ = await signals.next()
            view.say("taking \(topology.name) down")
        } catch {
            try await testbed.tearDown()
            throw error
        }
        try await testbed.tearDown()
    }

    /// The line that asks a name server of the stack, for users of each region.
    private func sayHowToResolve(_ name: String, at address: SocketAddress) {
        guard case .builtin(.geodns(let spec))? = topology.tier(named: name)?.program else {
            return
        }
        let networks = topology.regions.compactMap(topology.clientNetwork(of:))
        let subnets = networks.isEmpty ? [""] : networks.map { " +subnet=\($0)" }
        for subnet in subnets {
            view.say(
                "    dig -p \(address.port) @\(address.ip) \(spec.serviceName)\(subnet)")
        }
    }

    private func forward(
        _ forwards: [(tier: String, descriptor: Int32)], to stack: Stack
    ) throws(SyscallError) {
        for (name, descriptor) in forwards {
            let tier = name.split(separator: "/").first.map(String.init) ?? name
            guard let member = stack.members.first(where: { $0.plan.tier == tier }) else {
                continue
            }
            let owned = FileDescriptor(owning: descriptor)
            if name == Self.datagrams(of: tier) {
                let forwarder = try DatagramForwarder(adopting: owned, to: member.plan.listen)
                Task { @ReactorActor in await forwarder.run() }
                continue
            }
            let listener = try Listener(adopting: owned)
            let metrics = name == tier ? nil : member.plan.metrics
            let forwarder = Forwarder(listener, to: metrics ?? member.plan.listen)
            Task { @ReactorActor in await forwarder.run() }
            view.say(
                metrics == nil
                    ? "  \(member.name) at \(listener.address)"
                    : "    curl http://\(listener.address)/metrics")
            if metrics == nil { sayHowToResolve(tier, at: listener.address) }
        }
    }

    /// The name by which datagrams to a tier's first node are forwarded, beside connections.
    package nonisolated static func datagrams(of tier: String) -> String { "\(tier)/datagrams" }

    /// The name by which the metrics of a tier's first node are forwarded.
    package nonisolated static func metrics(of tier: String) -> String { "\(tier)/metrics" }
}

/// Accepts on one side and connects on to the other.
@ReactorActor
final class Forwarder {
    private let listener: Listener
    private let target: SocketAddress
    private var open = 0
    private static let openMax = 2000

    init(_ listener: Listener, to target: SocketAddress) {
        self.listener = listener
        self.target = target
    }

    func run() async {
        while let inside = try? await listener.accept() {
            guard open < Self.openMax else {
                inside.close()
                continue
            }
            open += 1
            Task { @ReactorActor in
                await relay(inside)
                open -= 1
            }
        }
    }

    private func relay(_ near: Connection) async {
        defer { near.close() }
        guard
            let far = try? await Connection.connect(
                to: target, deadline: .now() + .seconds(2))
        else { return }
        defer { far.close() }
        let back = Task { @ReactorActor in await copy(from: far, to: near) }
        await copy(from: near, to: far)
        await back.value
    }

    /// Until either side is done; then both are closed, which ends the other direction too.
    private func copy(from source: Connection, to sink: Connection) async {
        do {
            while try await source.receive() {
                sink.send(source.inbound.bytes)
                source.inbound.consume(source.inbound.count)
                try await sink.flush()
            }
        } catch {}
        source.close()
        sink.close()
    }
}
