// `faultline ladder`: the same users and the same faults against one phase after another, and what the
// article claims beside what was measured.

import Checkers
import Conductor
import Experiment
import Linux
import Reactor
import Report
import Testbed
import Wire

struct LadderCommand {
    private static let valued: Set<String> = [
        "--objective", "--budget", "--journeys", "--users", "--start", "--think", "--seed",
        "--ladders",
    ]
    /// What people do on a site: most of it is reading, and each page brings files with it.
    private static let usualJourneys = "static:40%,browse:45%,profile:5%,post:8%,checkout:2%"
    /// So small that the nodes of the largest phase, all of them full, leave room on two cores for the
    /// load generator: else the host would be every phase's limit.
    private static let usualBudget = NodeBudget(cpu: 0.05, memory: 256 << 20)
    private static let plain: Set<String> = ["--json", "--quiet", "--quick", "--no-budget"]

    private let arguments: Arguments
    private let flags: [String]
    private let root: String

    init(_ rest: ArraySlice<String>) throws {
        arguments = try Arguments(rest, valued: Self.valued, plain: Self.plain)
        flags = rest.filter { $0.hasPrefix("--") }
        root = arguments.value("--ladders") ?? ".faultline/ladders"
        if arguments.has("--budget"), arguments.has("--no-budget") {
            throw UsageError("--budget and --no-budget contradict each other")
        }
    }

    func perform() throws -> Int32 {
        let plan = try plan()
        guard !Sandbox.isInside else { return try runInside(plan) }
        try HostLack.check(budgets: plan.topologies.contains(where: \.hasBudgets))
        return try Inside.run(
            arguments: [CommandLine.arguments[0], "ladder"] + flags + plan.topologies.map(\.source))
    }

    // MARK: The plan

    private func plan() throws -> LadderPlan {
        let topologies = try Self.load(files())
        var plan = LadderPlan(
            topologies: try topologies.map(held), objectives: try objectives(), load: try load())
        plan.seed = try arguments.value("--seed", as: "a whole number") { UInt64($0) } ?? 1
        plan.search.start =
            try arguments.value("--start", as: "a rate such as 50/s") { text in
                Quantity.rateOrNil(text).flatMap { (1...20_000).contains($0) ? $0 : nil }
            } ?? plan.search.start
        if arguments.has("--quick") { plan.shorten() }
        return plan
    }

    /// All phases that are there, or those that are named; in short form the first two.
    private func files() throws(UsageError) -> [String] {
        if !arguments.words.isEmpty { return arguments.words }
        let folder = "fixtures/topologies"
        let found = (1...5).map { "\(folder)/phase-\($0).yaml" }.filter(File.exists)
        if found.isEmpty { throw UsageError("no \(folder)/phase-1.yaml here; name topology files") }
        return arguments.has("--quick") ? Array(found.prefix(2)) : found
    }

    /// Every file is read before anything is started.
    private static func load(_ files: [String]) throws -> [Topology] {
        var problems: [Diagnostic] = []
        var topologies: [Topology] = []
        for file in files {
            do throws(InvalidExperiment) {
                topologies.append(try ExperimentLoader.topology(path: file))
            } catch {
                problems += error.diagnostics
            }
        }
        if !problems.isEmpty { throw InvalidExperiment(problems) }
        let names = topologies.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw UsageError("two topologies are called \(twice)")
        }
        return topologies
    }

    /// A budget of the topology's own comes before one from the command line.
    private func held(_ topology: Topology) throws -> Topology {
        if arguments.has("--no-budget") { return topology }
        let budget = try arguments.value("--budget", as: "a budget such as cpu:10%,memory:256MiB") {
            NodeBudget(parsing: $0)
        }
        return topology.held(to: budget ?? Self.usualBudget)
    }

    private func objectives() throws -> [Objective] {
        let text = arguments.value("--objective") ?? "availability >= 99%, p99 < 250ms"
        return try text.split(separator: ",").map { sentence in
            do throws(ObjectiveSyntaxError) {
                let objective = try Objective.parse(String(sentence))
                guard objective.isAboutOneTrial else {
                    throw ObjectiveSyntaxError(
                        offset: 0,
                        message: "a trial has one phase and no fault; objectives are about "
                            + "availability, error_rate and latency, without \"in\"")
                }
                return objective
            } catch {
                throw UsageError("--objective: \"\(sentence)\": \(error)")
            }
        }
    }

    private func load() throws -> LoadProfile {
        let text = arguments.value("--journeys") ?? Self.usualJourneys
        guard let journeys = JourneyShare.list(parsing: text) else {
            throw UsageError("--journeys=\(text) is not a mix such as browse:80%,post:20%")
        }
        var load = LoadProfile(rate: 1, journeys: journeys)
        load.users =
            try arguments.value("--users", as: "a number from 1") { text in
                Int(text).flatMap { $0 >= 1 ? $0 : nil }
            } ?? load.users
        return load
    }

    // MARK: Inside

    private func runInside(_ plan: LadderPlan) throws -> Int32 {
        try Sandbox.enter(arguments: CommandLine.arguments)
        let think = try arguments.value("--think", as: "a time such as 10s") {
            Quantity.durationOrNil($0)
        }
        let (quiet, root) = (arguments.has("--quiet"), root)
        let outcome = Reactor.run { () async -> Result<LadderResult, SyscallError> in
            do throws(SyscallError) {
                return .success(try await Self.climb(plan, think, root: root, quiet: quiet))
            } catch {
                return .failure(error)
            }
        }
        let result = try outcome.get()
        let colours =
            CurrentProcess.isTerminal(1) && CurrentProcess.environment("NO_COLOR") == nil
        if arguments.has("--json") {
            Output.write(result.report.text(coloured: false), to: 2)
            Output.write(result.report.json.text + "\n", to: 1)
        } else {
            Output.write(result.report.text(coloured: colours), to: 1)
        }
        Output.write("drawing and figures: \(result.folder)\n", to: 2)
        return result.report.outcome.exitCode
    }

    @ReactorActor
    private static func climb(
        _ plan: LadderPlan, _ think: Duration?, root: String, quiet: Bool
    ) async throws(SyscallError) -> LadderResult {
        let signals = try SignalWatch([.interrupt, .terminate, .hangUp])
        try CurrentProcess.raiseDescriptorLimit()
        let aborted = AbortSwitch()
        Task { @ReactorActor in
            while let signal = await signals.next() { aborted.turnOn(signal) }
        }
        let view = LiveView(
            isTerminal: CurrentProcess.isTerminal(2),
            colours: CurrentProcess.environment("NO_COLOR") == nil, isQuiet: quiet)
        let runner = try LadderRunner(
            plan, options: try Programs.options(runsRoot: root), view: view, aborted: aborted)
        if let think { runner.assume(thinkTime: think) }
        return await runner.run()
    }
}

extension Objective {
    fileprivate var isAboutOneTrial: Bool {
        switch claim {
        case .availability, .errorRate, .staleShare: slice.phase == nil
        case .latency(_, _, .duration): slice.phase == nil
        case .latency, .rate, .recovery, .count, .leaderChanges, .counter: false
        }
    }
}

extension LadderPlan {
    /// A form that fits into a test: coarser, shorter, one kill.
    fileprivate mutating func shorten() {
        lengths.warmup = .milliseconds(500)
        lengths.trial = .milliseconds(1500)
        lengths.outage = .seconds(1)
        lengths.baseline = .milliseconds(1500)
        lengths.recovery = .seconds(2)
        lengths.tail = .milliseconds(500)
        lengths.settling = .seconds(3)
        search.precision = 1.5
        search.trialsMax = 8
        killsMax = 1
    }
}
