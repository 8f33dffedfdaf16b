// Real nodes for faults: a stack of small programs, each in a namespace of its own, with the factory
// that makes faults for it.

import Blueprint
import Experiment
import Linux
import Reactor
import Testing

@testable import Experiment
@testable import Faults
@testable import Testbed

/// A running stack; taken down by `with`, whatever comes of the body.
@ReactorActor
final class FaultBench {
    let stack: Stack
    let factory: FaultFactory
    let folder: String

    private init(folder: String) throws {
        self.folder = folder
        stack = Stack(
            testbed: try Testbed(seed: 7), nodeProgram: "/nonexistent", logsFolder: folder)
        factory = FaultFactory(stack, clients: [])
    }

    static func with(
        _ programs: [SmallProgram], disks: Bool = false,
        _ body: @ReactorActor (FaultBench) async throws -> Void
    ) async throws {
        let folder = "/tmp/faultline-faults-\(MonotonicTime.now().nanoseconds)"
        try File.makeDirectories(folder)
        let bench = try FaultBench(folder: folder)
        let result: Result<Void, any Error>
        do {
            let plans = programs.enumerated().map { $1.plan(index: $0 + 1, folder: folder) }
            let filter = DiskFilterProgram(
                path: "\(File.folder(of: try CurrentProcess.executablePath()))/faultline", seed: 7,
                logsFolder: folder)
            try await bench.stack.start(
                plans, disks: disks ? Set(plans.map(\.name)) : [], filter: filter,
                deadline: .seconds(20))
            try await body(bench)
            result = .success(())
        } catch { result = .failure(error) }
        try await bench.stack.testbed.tearDown()
        try File.removeTree(folder)
        try result.get()
    }

    func member(_ index: Int = 1) throws -> Member {
        try #require(stack.member(named: "node-\(index)"))
    }

    func fault(_ spec: FaultSpec, on nodes: Int...) throws -> any Fault {
        try factory.fault(spec, on: ResolvedTarget(nodes: nodes.map { "node-\($0)" }))
    }

    func fault(_ spec: FaultSpec, from: Int, to: Int) throws -> any Fault {
        let link = DirectedLink(from: "node-\(from)", to: "node-\(to)")
        return try factory.fault(spec, on: ResolvedTarget(links: [link]))
    }

    var links: Links { stack.testbed.links }

    func address(_ index: Int) -> IPv4Address { SmallProgram.address(index) }

    func direction(_ from: Int, _ to: Int) -> Direction {
        Direction(from: address(from), to: address(to))
    }

    func link(_ from: Int, _ to: Int) -> TargetLink {
        TargetLink(
            DirectedLink(from: "node-\(from)", to: "node-\(to)"), direction: direction(from, to))
    }

    var probe: LinkProbe { LinkProbe(stack.members.map(\.node)) }
}

/// A program that is a node: its command line, and how it says that it is ready.
struct SmallProgram {
    var arguments: [String]
    var ready: Probe
    var roleProbe: Probe?

    /// Does nothing, well.
    static let sleeper = SmallProgram(arguments: ["sleep", "1000"], ready: .command(["true"]))

    static func shell(_ script: String) -> SmallProgram {
        SmallProgram(arguments: ["sh", "-c", script], ready: .command(["true"]))
    }

    static func redis(_ options: String...) -> SmallProgram {
        SmallProgram(
            arguments: [
                "redis-server", "--port", "\(port)", "--bind", "0.0.0.0", "--save", "",
                "--protected-mode", "no",
            ] + options, ready: .resp(["PING"]))
    }

    private static let port: UInt16 = 6379

    static func address(_ index: Int) -> IPv4Address { IPv4Address(10, 1, 0, UInt8(index)) }

    func plan(index: Int, folder: String) -> PlannedNode {
        PlannedNode(
            name: "node-\(index)", tier: "node", kind: .cache, shard: nil, index: index,
            listen: SocketAddress(ip: Self.address(index), port: Self.port), peerPort: nil,
            folder: "\(folder)/node-\(index)",
            program: .exec(RenderedProgram(arguments: arguments, environment: [], files: [])),
            ready: ready, roleProbe: roleProbe, wave: 0)
    }
}

extension Fault {
    /// Injects, proves, heals and proves the heal; returns the two proofs.
    func runThrough() async throws -> (acts: [Evidence], gone: [Evidence]) {
        try await prepare()
        try await inject()
        let acts = try await prove()
        try proveStanding()
        try await heal()
        return (acts, try await proveHealed())
    }
}

/// Runs a step that must not succeed and checks what it says.
@ReactorActor
func expectUnproven(
    _ part: String, sourceLocation: Testing.SourceLocation = #_sourceLocation,
    _ step: () async throws -> Void
) async {
    let error = await #expect(throws: FaultError.self, sourceLocation: sourceLocation) {
        try await step()
    }
    #expect(
        error?.description.contains(part) == true, "\(error?.description ?? "no error")",
        sourceLocation: sourceLocation)
}
