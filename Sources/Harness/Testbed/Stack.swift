// The running stack: every planned node with its namespace and process, started together, ready
// when each says so itself.

import Blueprint
package import Experiment
package import Linux
package import Reactor
import Wire

/// Why a stack did not come up.
package enum StackError: Error, CustomStringConvertible {
    case system(SyscallError)
    /// A node that cannot be held to its budget.
    case budget(node: String, BudgetError)
    /// A program that is not on the host.
    case missingProgram(node: String, program: String)
    /// A node ended before it was ready; its log says why.
    case ended(node: String, status: ExitStatus, log: String)
    /// A node did not become ready in time; its log may say why.
    case notReady(nodes: [String], after: Duration, log: String)
    /// The data folder of a node cannot be put on a file system of ours.
    case disk(node: String, DiskMountError)
    /// Two regions are not as far apart as the topology says.
    case distance(String)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .budget(let node, let error): "\(node) cannot be held to its budget: \(error)"
        case .disk(let node, let error): "the disk of \(node): \(error)"
        case .missingProgram(let node, let program):
            "\(node): no program \(program) in PATH"
        case .ended(let node, let status, let log):
            "\(node) ended before it was ready (\(status)); see \(log)"
        case .notReady(let nodes, let after, let log):
            "\(nodes.joined(separator: ", ")) not ready after \(after); see \(log)"
        case .distance(let problem): "distance between regions: \(problem)"
        }
    }
}

/// One node of the stack: its plan and its place in the testbed.
@ReactorActor
package final class Member {
    package let plan: PlannedNode
    package let node: Node

    init(plan: PlannedNode, node: Node) {
        self.plan = plan
        self.node = node
    }

    package nonisolated var name: String { plan.name }
    package var probe: NodeProbe { NodeProbe(plan.probeAddress, at: node) }

    /// True when the process runs and answers its readiness probe.
    package func isReady() async -> Bool {
        guard node.isRunning else { return false }
        return await probe.passes(plan.ready, within: patience)
    }

    /// A command has to be loaded and started before it can ask.
    private var patience: Duration {
        if case .command = plan.ready { .seconds(2) } else { .milliseconds(200) }
    }
}

/// All nodes of a topology.
@ReactorActor
package final class Stack {
    package let testbed: Testbed
    package private(set) var members: [Member] = []
    private let logsFolder: String
    private let nodeProgram: String

    /// `nodeProgram` is the path of `faultline-node`; each node logs to `logsFolder`/name.log.
    package init(testbed: Testbed, nodeProgram: String, logsFolder: String) {
        self.testbed = testbed
        self.nodeProgram = nodeProgram
        self.logsFolder = logsFolder
    }

    package func member(named name: String) -> Member? { members.first { $0.name == name } }

    /// Makes namespaces for all, lays the distances between regions, starts all, and returns when
    /// every node is ready and the distances are proven. `filter` serves the data folders of the
    /// nodes that `disks` names.
    package func start(
        _ plan: [PlannedNode], wideArea: [WideAreaLink] = [], disks: Set<String> = [],
        filter: DiskFilterProgram? = nil, deadline: Duration
    ) async throws(StackError) {
        let distances = WideArea(wideArea, in: testbed)
        let programs = try plan.map { node throws(StackError) in try program(for: node) }
        do {
            for node in plan {
                members.append(
                    Member(
                        plan: node,
                        node: try testbed.createNode(
                            name: node.name, address: node.listen.ip, region: node.region)))
            }
            try distances.lay()
        } catch {
            throw .system(error)
        }
        try holdToBudgets()
        if let filter { try await filterDisks(of: disks, filter) }
        do {
            for (member, program) in zip(members, programs) { try member.node.start(program) }
        } catch {
            throw .system(error)
        }
        try await waitUntilReady(deadline)
        try await distances.prove()
    }

    private func filterDisks(
        of names: Set<String>, _ filter: DiskFilterProgram
    ) async throws(StackError) {
        for member in members where names.contains(member.name) {
            do throws(DiskMountError) {
                try await testbed.filterDisk(
                    of: member.node, folder: member.plan.dataFolder, with: filter)
            } catch {
                throw .disk(node: member.name, error)
            }
        }
    }

    private func holdToBudgets() throws(StackError) {
        for member in members {
            guard let budget = member.plan.budget else { continue }
            do throws(BudgetError) {
                try testbed.hold(member.node, to: budget)
            } catch {
                throw .budget(node: member.name, error)
            }
        }
    }

    /// Every node and, where its tier has roles, what it says of its own.
    package func roster(within timeout: Duration = .milliseconds(150)) async -> [RosterNode] {
        let questions = members.map { member in
            Task { @ReactorActor in
                let entry = member.plan.rosterNode
                guard let probe = member.plan.roleProbe, member.node.isRunning else { return entry }
                return await member.probe.describe(entry, probe, within: timeout)
            }
        }
        var roster: [RosterNode] = []
        for question in questions { roster.append(await question.value) }
        return roster
    }

    /// Nodes whose process has ended although nobody asked for it.
    package func unexpectedEnds(excluding expected: Set<String>) -> [(String, ExitStatus)] {
        members.compactMap { member in
            guard !expected.contains(member.name), let exit = member.node.process?.exit else {
                return nil
            }
            return (member.name, exit)
        }
    }

    private func waitUntilReady(_ length: Duration) async throws(StackError) {
        let deadline = MonotonicTime.now() + length
        var waiting = members
        while !waiting.isEmpty {
            let answers = waiting.map { member in
                Task { @ReactorActor in await member.isReady() }
            }
            var left: [Member] = []
            for (member, answer) in zip(waiting, answers) {
                if await answer.value { continue }
                if let exit = member.node.process?.exit {
                    throw .ended(node: member.name, status: exit, log: log(of: member.name))
                }
                left.append(member)
            }
            waiting = left
            guard let first = waiting.first else { return }
            guard .now() < deadline else {
                throw .notReady(
                    nodes: waiting.map(\.name), after: length, log: log(of: first.name))
            }
            await Reactor.sleep(for: .milliseconds(5))
        }
    }

    package func log(of name: String) -> String { "\(logsFolder)/\(name).log" }

    // MARK: Programs

    private func program(for node: PlannedNode) throws(StackError) -> Program {
        do {
            try File.makeDirectories(node.dataFolder)
            switch node.program {
            case .builtin(let blueprint, let path):
                try File.save(Array(blueprint.json.text.utf8), to: path)
                return Program(
                    arguments: [
                        nodeProgram, blueprint.settings.tier.rawValue, "--blueprint=\(path)",
                    ],
                    workingFolder: node.dataFolder, log: log(of: node.name))
            case .exec(let rendered): return try exec(rendered, node)
            }
        } catch let error as SyscallError {
            throw .system(error)
        } catch let error as StackError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }

    private func exec(_ rendered: RenderedProgram, _ node: PlannedNode) throws -> Program {
        for file in rendered.files {
            try File.makeDirectories(File.folder(of: file.name))
            try File.save(Array(file.value.utf8), to: file.name)
        }
        var arguments = rendered.arguments
        guard let path = ProgramSearch.find(arguments[0]) else {
            throw StackError.missingProgram(node: node.name, program: arguments[0])
        }
        arguments[0] = path
        return Program(
            arguments: arguments,
            environment: ["PATH=\(ProgramSearch.path)"]
                + rendered.environment.map { "\($0.name)=\($0.value)" },
            workingFolder: node.dataFolder, log: log(of: node.name))
    }
}

/// Where programs that are not ours are looked for.
package enum ProgramSearch {
    package static var path: String {
        CurrentProcess.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// The path of a program; a name with a slash is taken as it is.
    package static func find(_ name: String) -> String? {
        if name.contains("/") { return File.isExecutable(name) ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { File.isExecutable($0) }
    }
}
