// The load generator as the conductor sees it: a child process in a node of its own, told by HTTP
// when to start, asked now and then how it goes, and its history read when it is done.

import Endpoints
import Experiment
import Linux
import Load
import Reactor
import Testbed
import Wire

@ReactorActor
final class LoadControl {
    let node: Node
    private let address: SocketAddress
    private let client: HTTPClient

    static let port: UInt16 = 9000

    /// Among nodes with budgets the generator weighs as much as this many of them.
    private static let weight = 8

    /// The node has an address in every region besides, for the users there; among nodes that are held
    /// to budgets it lives beside them.
    init(testbed: Testbed, _ topology: Topology) throws(StackError) {
        do {
            node = try Self.node(in: testbed, topology)
            address = SocketAddress(ip: AddressPlan.client(1), port: Self.port)
            client = HTTPClient(address)
        } catch {
            throw .system(error)
        }
        guard topology.hasBudgets else { return }
        do throws(BudgetError) {
            try testbed.hold(node, to: NodeBudget(), weight: Self.weight)
        } catch {
            throw .budget(node: node.name, error)
        }
    }

    private static func node(
        in testbed: Testbed, _ topology: Topology
    ) throws(SyscallError) -> Node {
        let node = try testbed.createNode(
            name: Topology.clientNode, address: AddressPlan.client(1))
        for region in topology.regions {
            guard let address = topology.clientAddress(in: region) else { continue }
            try testbed.addAddress(address, in: region, to: node)
        }
        return node
    }

    /// Writes the plan and starts the process; returns when it is ready to be told the start.
    func start(
        _ plan: LoadPlan, planPath: String, program: String, folder: String, log: String
    ) async throws {
        try File.makeDirectories(folder)
        try File.save(Array(plan.json.text.utf8), to: planPath)
        try node.start(
            Program(
                arguments: [
                    program, "load-agent", "--plan=\(planPath)", "--listen=\(address)",
                ],
                workingFolder: folder, log: log))
        let deadline = MonotonicTime.now() + .seconds(10)
        while await !NodeProbe(address).passes(.http(path: "/health/ready"), within: .seconds(1)) {
            guard node.isRunning, .now() < deadline else {
                throw StackError.notReady(
                    nodes: [node.name], after: .seconds(10), log: log)
            }
            await Reactor.sleep(for: .milliseconds(5))
        }
    }

    /// Time zero of the plan.
    func begin(at epoch: MonotonicTime) async throws {
        let response = try await client.send(
            HTTPRequest(
                "POST", "/start", host: node.name,
                json: ["epochNanoseconds": .integer(epoch.nanoseconds)]),
            deadline: .now() + .seconds(2))
        guard response.status == 200 else {
            throw FailedStart(answer: String(decoding: response.content, as: UTF8.self))
        }
    }

    struct FailedStart: Error, CustomStringConvertible {
        let answer: String
        var description: String { "the load generator did not start: \(answer)" }
    }

    /// Asks how it goes; nil when it does not answer in time.
    func stats() async -> LoadStats? {
        await answer(HTTPRequest("GET", "/stats", host: node.name), within: .seconds(1))
    }

    /// Ends the load, at its end or before it, and returns the last word on it; nil when the process
    /// had to be killed.
    func finish(within limit: Duration) async -> LoadStats? {
        let last = await answer(HTTPRequest("POST", "/stop", host: node.name), within: limit)
        let ended = await node.process?.waitForExit(deadline: .now() + .seconds(2))
        if ended != .exited(0) { _ = try? node.signal(.kill) }
        return ended == .exited(0) ? last : nil
    }

    private func answer(_ request: HTTPRequest, within limit: Duration) async -> LoadStats? {
        let response = try? await client.send(request, deadline: .now() + limit)
        return response?.json.flatMap(LoadStats.init(json:))
    }
}

extension LoadStats {
    /// Requests a second and the p99 of the last full second.
    var lastSecond: (rate: Double, p99: Duration?) {
        let windows = windows.dropLast().suffix(4)
        let completed = windows.reduce(0) { $0 + $1.ok + $1.notOK }
        return (Double(completed), windows.map(\.p99).max().map { .nanoseconds($0) })
    }

    var notOK: Int {
        counts.failed.values.reduce(0, +) + counts.unknown.values.reduce(0, +) + counts.shed
            + counts.neverSent
    }
}
