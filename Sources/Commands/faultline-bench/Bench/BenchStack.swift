// A stack in a sandbox of the bench's own, and a client node from which somebody else's tool drives
// it: the same namespaces and links that a run has, without its conductor.

import Experiment
import Linux
import Reactor
import Testbed

@ReactorActor
final class BenchStack {
    let folder: BenchFolder
    private let testbed: Testbed
    private let stack: Stack
    private let client: Node
    private var toolCount = 0

    /// Starts the nodes of a topology's text and returns when all are ready.
    static func with<Result>(
        _ topology: String, _ options: BenchOptions, in folder: BenchFolder,
        _ body: (BenchStack) async throws -> Result
    ) async throws -> Result {
        let path = try folder.write("topology.yaml", topology)
        let plan = try ExperimentLoader.topology(path: path)
        let bench = try BenchStack(options, folder)
        do {
            try await bench.stack.start(
                plan.plan(folder: folder.path, seed: 1), wideArea: plan.wideArea,
                deadline: .seconds(60))
            let result = try await body(bench)
            try await bench.testbed.tearDown()
            return result
        } catch {
            try? await bench.testbed.tearDown()
            throw error
        }
    }

    /// A whole benchmark: the heading, the stack in a sandbox, the table that the body makes of it.
    nonisolated static func measure(
        _ title: String, of topology: String, _ options: BenchOptions, repetitions: Int,
        _ body: @escaping @ReactorActor @Sendable (BenchStack) async throws -> MarkdownTable
    ) throws -> Int32 {
        try BenchSandbox.perform {
            Heading.write(title, options, repetitions: repetitions)
            let folder = try BenchFolder()
            let table = try await with(topology, options, in: folder, body)
            Output.write(table.text, to: 1)
            try File.removeTree(folder.path)
        }
    }

    private init(_ options: BenchOptions, _ folder: BenchFolder) throws {
        self.folder = folder
        testbed = try Testbed(seed: 1)
        stack = Stack(
            testbed: testbed, nodeProgram: try options.program("faultline-node"),
            logsFolder: folder.path)
        client = try testbed.createNode(
            name: Topology.clientNode, address: AddressPlan.client(1))
    }

    /// Where a node of the stack serves its clients.
    func address(of node: String) throws -> SocketAddress {
        try member(named: node).plan.listen
    }

    func member(named node: String) throws -> Member {
        guard let member = stack.member(named: node) else { throw BenchError("no node \(node)") }
        return member
    }

    /// Runs a program in the client's node to its end and returns all that it said.
    func tool(_ arguments: [String], limit: Duration) async throws -> String {
        toolCount += 1
        let log = "\(folder.path)/tool-\(toolCount).log"
        try client.start(Program(arguments: arguments, workingFolder: folder.path, log: log))
        guard await client.process?.waitForExit(deadline: .now() + limit) != nil else {
            throw BenchError("\(arguments[0]) did not end within \(limit)")
        }
        for (node, status) in stack.unexpectedEnds(excluding: []) {
            throw BenchError("\(node) ended by itself: \(status)")
        }
        return try File.text(of: log)
    }
}

/// Runs a benchmark's body inside a sandbox; outside it only waits for it.
enum BenchSandbox {
    static func perform(
        _ body: @escaping @ReactorActor @Sendable () async throws -> Void
    ) throws -> Int32 {
        guard Sandbox.isInside else { return try Sandbox.run(arguments: CommandLine.arguments) }
        try Sandbox.enter(arguments: CommandLine.arguments)
        try CurrentProcess.raiseDescriptorLimit()
        let outcome = Reactor.run { () async -> Result<Void, any Error> in
            do {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
        return 0
    }
}
