// `faultline run`: the main job and the CI gate.

import Checkers
import Conductor
import Experiment
import Linux
import Reactor
import Report
import Testbed
import Wire

struct RunCommand {
    private let arguments: Arguments
    private let files: [String]
    private let options: RunFlags

    init(_ rest: ArraySlice<String>) throws {
        arguments = try Arguments(rest, valued: RunFlags.valued, plain: RunFlags.plain)
        files = arguments.words
        options = try RunFlags(arguments)
        if files.isEmpty { throw UsageError("expected experiment files; see faultline run --help") }
    }

    func perform() throws -> Int32 {
        if Sandbox.isInside { return try runInside() }
        // Every file is read before anything is started.
        var mapBytes = 0
        var budgets = false
        var disks = false
        let problems = files.flatMap { path -> [Diagnostic] in
            do throws(InvalidExperiment) {
                let plan = try ExperimentLoader.load(path: path)
                mapBytes = max(mapBytes, plan.topology.storeCapacity)
                budgets = budgets || plan.topology.hasBudgets
                disks = disks || !plan.diskNodes.isEmpty
                return []
            } catch {
                return error.diagnostics
            }
        }
        if !problems.isEmpty { throw InvalidExperiment(problems) }
        try HostLack.check(mapBytes: mapBytes, budgets: budgets, disks: disks)
        var worst = ExitCode.held
        for file in files {
            let code = try Inside.run(
                arguments: [CommandLine.arguments[0], "run"] + options.flags + [file])
            worst = ExitCode.worst(worst, code)
            if code >= 128 { break }
        }
        return worst
    }

    private func runInside() throws -> Int32 {
        var plan = try ExperimentLoader.load(path: try arguments.onlyWord("experiment file"))
        if let seed = options.seed { plan.seed = seed }
        return try InsideRun(plan, options).perform().code
    }
}

/// The flags that run and replay share.
struct RunFlags {
    static let valued: Set<String> = ["--seed", "--runs"]
    static let plain: Set<String> = ["--json", "--quiet"]

    let json: Bool
    let quiet: Bool
    let seed: UInt64?
    let runsRoot: String

    init(_ arguments: Arguments) throws {
        json = arguments.has("--json")
        quiet = arguments.has("--quiet")
        seed = try arguments.value("--seed", as: "a whole number") { UInt64($0) }
        runsRoot = arguments.value("--runs") ?? ".faultline/runs"
    }

    /// The same flags for the inner process.
    var flags: [String] {
        (json ? ["--json"] : []) + (quiet ? ["--quiet"] : [])
            + (seed.map { ["--seed=\($0)"] } ?? []) + ["--runs=\(runsRoot)"]
    }
}

/// One run inside the sandbox, from a plan to the printed verdict.
struct InsideRun {
    private let plan: ExperimentPlan
    private let flags: RunFlags

    init(_ plan: ExperimentPlan, _ flags: RunFlags) {
        self.plan = plan
        self.flags = flags
    }

    func perform() throws -> (code: Int32, result: RunResult?) {
        try Sandbox.enter(arguments: CommandLine.arguments)
        let outcome = Reactor.run { [plan, flags] () async -> Result<RunResult, SyscallError> in
            do throws(SyscallError) {
                return .success(try await InsideRun.conduct(plan, flags))
            } catch {
                return .failure(error)
            }
        }
        let result = try outcome.get()
        let colours =
            CurrentProcess.isTerminal(2) && CurrentProcess.environment("NO_COLOR") == nil
        Output.write(result.report.terminal(coloured: colours), to: 2)
        Output.write("report: \(result.folder.path)\n", to: 2)
        if flags.json { Output.write(result.report.json.text + "\n", to: 1) }
        return (result.report.verdict.exitCode, result)
    }

    @ReactorActor
    private static func conduct(
        _ plan: ExperimentPlan, _ flags: RunFlags
    ) async throws(SyscallError) -> RunResult {
        let signals = try SignalWatch([.interrupt, .terminate, .hangUp])
        try CurrentProcess.raiseDescriptorLimit()
        let aborted = AbortSwitch()
        Task { @ReactorActor in
            while let signal = await signals.next() { aborted.turnOn(signal) }
        }
        let view = LiveView(
            isTerminal: CurrentProcess.isTerminal(2),
            colours: CurrentProcess.environment("NO_COLOR") == nil, isQuiet: flags.quiet)
        let conductor = try Conductor(
            plan, options: try Programs.options(runsRoot: flags.runsRoot), view: view,
            aborted: aborted)
        return await conductor.run()
    }
}

/// The programs of this installation.
enum Programs {
    static func options(runsRoot: String) throws(SyscallError) -> ConductorOptions {
        let own = try CurrentProcess.executablePath()
        return ConductorOptions(
            runsRoot: runsRoot, nodeProgram: File.folder(of: own) + "/faultline-node",
            ownProgram: own)
    }
}
