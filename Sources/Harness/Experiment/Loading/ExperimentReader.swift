// Reads experiment files. The shape of one, with every key:
//
//     apiVersion: faultline/v1
//     kind: Experiment
//     name: store-leader-kill
//     description: the hypothesis in words     # optional
//     topology: ../fixtures/topologies/web-stack.yaml    # relative to this file
//     seed: 7                                  # default 1
//     load:
//       arrivals: poisson                      # or even
//       rate: 400/s
//       journeys: {browse: 70%, post: 20%, checkout: 10%}
//       users: 1000
//       popularity: 1.0                        # exponent of the Zipf law
//       timeout: 2s
//       connections: 256
//     phases: {warmup: 3s, baseline: 10s, recovery: 5s, tail: 5s}
//     recovered: {window: 200ms, windows: 5, availability: 99%, p99: 500ms}
//     method:
//       - {at: 0s, for: 8s, fault: kill, target: store.shard-1.leader}
//     objectives:
//       - availability >= 99.9% in baseline

import Blueprint
import Linux

struct ExperimentReader {
    let log: DiagnosticLog

    /// Finds the topology under the path that the file names; nil, and reported, when it is none.
    typealias TopologyLookup = (YAMLNode) -> Topology?

    /// Nil when an experiment cannot be made of it; the log says why.
    func experiment(
        _ root: YAMLNode, source: String, text: String, topology lookup: TopologyLookup
    ) -> ExperimentPlan? {
        guard var fields = Fields(root, "an experiment", log) else { return nil }
        fields.allow(DocumentKind.headKeys)
        let name = fields.required("name", Checked.name)
        let description = fields.optional("description", Checked.text)
        let topology = fields.takeRequired("topology").flatMap(lookup)
        let seed = fields.optional("seed", Self.seed) ?? 1
        let load = fields.takeRequired("load").flatMap { LoadReader(log: log).profile($0) }
        let phases = fields.take("phases").flatMap(self.phases) ?? PhasePlan()
        let criterion = fields.take("recovered").flatMap(self.criterion) ?? RecoveryCriterion()
        let method = fields.takeRequired("method").flatMap {
            steps($0, on: topology, folder: FilePath.folder(of: source))
        }
        let objectives = fields.takeRequired("objectives").flatMap {
            self.objectives($0, method: method, load: load, topology: topology)
        }
        fields.finish()
        guard let name, let topology, let load, let method, let objectives else { return nil }
        checkPhases(of: objectives, phases, method)
        return ExperimentPlan(
            name: name, description: description, source: source, text: text, topology: topology,
            seed: seed, load: load, phases: phases, method: method, objectives: objectives,
            recoveryCriterion: criterion)
    }

    static func seed(_ text: String) throws(ValueError) -> UInt64 {
        guard let seed = UInt64(text) else {
            throw ValueError("\"\(text)\" is not a whole number from 0 to 2^64 - 1")
        }
        return seed
    }

    private func phases(_ node: YAMLNode) -> PhasePlan? {
        guard var fields = Fields(node, "\"phases\"", log) else { return nil }
        var plan = PhasePlan()
        let length = Checked.duration(.zero ... .seconds(3600))
        let judged = Checked.duration(.seconds(1) ... .seconds(3600))
        plan.warmup = fields.optional("warmup", length) ?? plan.warmup
        plan.baseline = fields.optional("baseline", judged) ?? plan.baseline
        plan.recovery = fields.optional("recovery", judged) ?? plan.recovery
        plan.tail = fields.optional("tail", judged) ?? plan.tail
        fields.forbid("fault", "the fault phase lasts as long as the method does")
        fields.finish()
        return plan
    }

    private func criterion(_ node: YAMLNode) -> RecoveryCriterion? {
        guard var fields = Fields(node, "\"recovered\"", log) else { return nil }
        var criterion = RecoveryCriterion()
        let window = Checked.duration(.milliseconds(10) ... .seconds(60))
        criterion.window = fields.optional("window", window) ?? criterion.window
        criterion.windows =
            fields.optional("windows", Checked.integer(1...1000)) ?? criterion.windows
        criterion.availability =
            fields.optional("availability", Checked.share).map { Ratio(nearest: $0) }
            ?? criterion.availability
        criterion.p99 = fields.optional(
            "p99", Checked.duration(.microseconds(1) ... .seconds(60)))
        fields.finish()
        return criterion
    }

    private func steps(
        _ node: YAMLNode, on topology: Topology?, folder: String
    ) -> [MethodStep]? {
        guard let items = node.items("\"method\"", log) else { return nil }
        if items.isEmpty {
            log.error("\"method\" has no step: nothing would be tested", at: node.location)
        }
        let reader = StepReader(topology: topology, folder: folder, log: log)
        let steps = items.enumerated().map { reader.steps($1, id: "\($0 + 1)") }
        return steps.isEmpty || steps.contains { $0.isEmpty } ? nil : Array(steps.joined())
    }

    private func objectives(
        _ node: YAMLNode, method: [MethodStep]?, load: LoadProfile?, topology: Topology?
    ) -> [LocatedObjective]? {
        guard let items = node.items("\"objectives\"", log) else { return nil }
        if items.isEmpty {
            log.error(
                "\"objectives\" is empty: a run without one could only pass", at: node.location)
        }
        let vocabulary = ObjectiveVocabulary(
            faults: method.map { Array(Set($0.map(\.fault.word.rawValue))).sorted() },
            journeys: load.map { $0.journeys.map(\.journey.rawValue) },
            tiers: topology.map { $0.tiers.filter { $0.roleProbe != nil }.map(\.name) },
            tellers: topology.map { topology in
                [TierKind.cache, .store, .queue].flatMap(topology.tiers).map(\.name)
            })
        let objectives = items.compactMap { item -> LocatedObjective? in
            let read: Checked.Reader<Objective> = { text throws(ValueError) in
                do throws(ObjectiveSyntaxError) {
                    return try Objective.parse(text, vocabulary: vocabulary)
                } catch {
                    throw ValueError(error.message, offset: error.offset)
                }
            }
            return item.scalar("an objective", log, read).map {
                LocatedObjective(objective: $0, location: item.location)
            }
        }
        return objectives.count == items.count && !objectives.isEmpty ? objectives : nil
    }

    /// Refuses an objective about a phase that no request can fall into.
    private func checkPhases(
        of objectives: [LocatedObjective], _ phases: PhasePlan, _ method: [MethodStep]
    ) {
        for located in objectives {
            switch located.objective.slice.phase {
            case .fault where method.allSatisfy { $0.end == .zero }:
                log.error(
                    "the fault phase is empty, for every fault happens at once at 0s",
                    at: located.location)
            case .warmup where phases.warmup == .zero:
                log.error("the warmup phase is empty", at: located.location)
            case .fault, .warmup, .baseline, .recovery, .tail, nil: break
            }
        }
    }
}
