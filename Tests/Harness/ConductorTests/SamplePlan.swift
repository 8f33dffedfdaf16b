// Plans for the tests: a shipped experiment, with a method of the test's own.

import Experiment
import Linux

@testable import Experiment

enum SamplePlan {
    /// The root of the repository, by this file's place in it.
    static var root: String {
        #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
    }

    static func load(_ method: [MethodStep] = []) throws -> ExperimentPlan {
        var plan = try ExperimentLoader.load(
            path: "\(root)/experiments/store-leader-kill.yaml")
        plan.seed = 42
        if !method.isEmpty { plan.method = method }
        return plan
    }

    static func step(
        _ id: String, at: Duration = .zero, lasting: Duration = .seconds(600),
        _ fault: FaultSpec = .pause
    ) -> MethodStep {
        MethodStep(
            id: id, at: at, duration: lasting, fault: fault,
            target: .nodes(NodeSelection(.all, of: NodeSelection.Scope("node-\(id)"))),
            location: .file("test"))
    }
}

/// Runs a body with an empty folder that is gone afterwards.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = "/tmp/faultline-conductor-\(CurrentProcess.id)-\(MonotonicTime.now().nanoseconds)"
    try File.makeDirectories(folder)
    do {
        let result = try await body(folder)
        try File.removeTree(folder)
        return result
    } catch {
        try File.removeTree(folder)
        throw error
    }
}
