// Faults that act on nothing and write down what is asked of them, so that the order of a method can
// be seen.

import Determinism
import Experiment
import Faults
import History
import Linux
import Reactor

@testable import Conductor

/// What was done, in order, as `inject 1`, `heal 1` and so on.
@ReactorActor
final class Script: FaultSource {
    private(set) var lines: [String] = []
    /// Lines that fail instead, after they were written down.
    var failing: Set<String> = []

    func resolve(
        _ step: MethodStep, random: SeededRandom
    ) async throws(FaultError) -> ResolvedTarget {
        guard case .nodes(let selection) = step.target else {
            throw .target(.noLink(target: "\(step.target)"))
        }
        let name = String(selection.scope.name.dropFirst("node-".count))
        try perform("resolve", name)
        return ResolvedTarget(nodes: [name])
    }

    func fault(_ spec: FaultSpec, on target: ResolvedTarget) throws(FaultError) -> any Fault {
        ScriptedFault(target.nodes[0], self)
    }

    func perform(_ verb: String, _ name: String) throws(FaultError) {
        let line = "\(verb) \(name)"
        lines.append(line)
        if failing.contains(line) { throw .unproven("\(line) failed") }
    }

    /// The lines of some verbs alone.
    func lines(of verbs: String...) -> [String] {
        lines.filter { line in verbs.contains { line.hasPrefix($0 + " ") } }
    }
}

@ReactorActor
private final class ScriptedFault: Fault {
    private let name: String
    private let script: Script

    init(_ name: String, _ script: Script) {
        self.name = name
        self.script = script
    }

    var promise: [Evidence] { [] }
    var targets: [String] { [name] }
    var endsProcesses: Set<String> { [name] }

    func prepare() throws(FaultError) { try script.perform("prepare", name) }
    func inject() throws(FaultError) { try script.perform("inject", name) }
    func prove() throws(FaultError) -> [Evidence] { try evidence("prove") }
    func proveStanding() throws(FaultError) { try script.perform("stand", name) }

    func heal() async throws(FaultError) {
        try script.perform("heal", name)
        // Gives every other step the chance to come between.
        await Reactor.sleep(for: .milliseconds(2))
    }

    func proveHealed() throws(FaultError) -> [Evidence] { try evidence("prove-healed") }

    private func evidence(_ verb: String) throws(FaultError) -> [Evidence] {
        try script.perform(verb, name)
        return [Evidence("verb", verb)]
    }
}
