// Reads one step of the method. The parameters of a fault are keys of its step, so which keys are
// valid depends on the fault.

import Blueprint
import Linux

struct StepReader {
    /// Nil when the topology has errors itself; targets are not checked then.
    let topology: Topology?
    let log: DiagnosticLog

    /// Longer than any run that a person waits for.
    static let lengthMax: Duration = .seconds(3600)

    /// Most repetitions of one step.
    static let repeatMax = 1000

    /// A step of the file, once for each of its repetitions: `3`, or `3.1`, `3.2` and so on.
    func steps(_ node: YAMLNode, id: String) -> [MethodStep] {
        guard var fields = Fields(node, "a step", log) else { return [] }
        let problems = log.count
        let at = fields.required("at", Checked.duration(.zero...Self.lengthMax))
        let word = fields.required("fault", Checked.word("fault", FaultWord.self))
        let targetNode = fields.takeRequired("target")
        // Without the fault its parameters cannot be told from slips; they wait for it.
        guard let word else { return [] }
        let duration = duration(&fields, of: word)
        let rhythm = rhythm(&fields, longerThan: duration)
        let fault = fault(&fields, word, isLasting: (duration ?? .zero) > .zero)
        fields.finish()
        guard let topology, let targetNode else { return [] }
        let target = TargetReader(topology: topology, log: log).target(targetNode)
        guard let at, let duration, let fault, let target else { return [] }
        checkReach(of: word, target, at: targetNode.location, on: topology)
        if case .shardMove(let place, _) = fault { check(place, of: target, at: node.location) }
        guard log.count == problems else { return [] }
        return (0..<rhythm.count).map { round in
            MethodStep(
                id: rhythm.count == 1 ? id : "\(id).\(round + 1)", at: at + rhythm.period * round,
                duration: duration, fault: fault, target: target, location: node.location)
        }
    }

    /// How often the step happens, and how far apart: `repeat` and `every`, which come together.
    private func rhythm(
        _ fields: inout Fields, longerThan duration: Duration?
    ) -> (count: Int, period: Duration) {
        let isAsked = fields.has("repeat") || fields.has("every")
        let place = fields.location(of: "every")
        let counts = Checked.integer(2...Self.repeatMax)
        let periods = Checked.duration(.milliseconds(1)...Self.lengthMax)
        let count = isAsked ? fields.required("repeat", counts) : fields.optional("repeat", counts)
        let period = isAsked ? fields.required("every", periods) : fields.optional("every", periods)
        guard let count, let period else { return (1, .zero) }
        if let place, let duration, period <= duration {
            log.error(
                "\"every\" must be longer than \"for\", \(Quantity.text(duration)), or a repetition "
                    + "would begin before the last is healed", at: place)
        }
        if let place, period * (count - 1) > Self.lengthMax {
            log.error(
                "\(count) repetitions take longer than \(Quantity.text(Self.lengthMax))", at: place)
        }
        return (count, period)
    }

    private func duration(_ fields: inout Fields, of word: FaultWord) -> Duration? {
        let lengths = Checked.duration(.milliseconds(1)...Self.lengthMax)
        switch word.length {
        case .lasting: return fields.required("for", lengths)
        case .either where fields.has("for"): return fields.optional("for", lengths)
        case .either:
            fields.allow(["for"])
            return .zero
        case .momentary:
            fields.forbid("for", "\(word.rawValue) happens at once, so it takes no \"for\"")
            return .zero
        }
    }

    private func fault(
        _ fields: inout Fields, _ word: FaultWord, isLasting: Bool
    ) -> FaultSpec? {
        switch word {
        case .kill:
            return .kill(signal: fields.value(FaultParameters.signal) ?? .kill)
        case .pause: return .pause
        case .latency: return latency(&fields)
        case .loss: return fields.value(FaultParameters.ratio).map(FaultSpec.loss)
        case .partition: return .partition
        case .cacheFlush: return .cacheFlush
        case .slowloris:
            return .slowloris(connections: fields.value(FaultParameters.connections) ?? 500)
        case .shardSplit:
            let boundary = fields.value(FaultParameters.boundary)
            return .shardSplit(boundary: boundary.map { UInt64($0) }, returns: isLasting)
        case .shardMove:
            let key = FaultParameters.place.key
            guard let node = fields.takeRequired(key), let place = place(node) else { return nil }
            return .shardMove(to: place, returns: isLasting)
        }
    }

    /// The place of another shard, as `store.shard-2`.
    private func place(_ node: YAMLNode) -> ShardPlace? {
        guard let topology else { return nil }
        let target = TargetReader(topology: topology, log: log).target(node)
        guard let target else { return nil }
        if case .nodes(let nodes) = target, nodes.amount == .all, nodes.scope.role == nil,
            let shard = nodes.scope.shard
        {
            return ShardPlace(tier: nodes.scope.name, shard: shard)
        }
        log.error(
            "\"to\" names the nodes of another shard, as store.shard-2", at: node.location)
        return nil
    }

    private func check(_ place: ShardPlace, of target: Target, at location: SourceLocation) {
        guard case .nodes(let nodes) = target else { return }
        if place.tier != nodes.scope.name || place.shard == nodes.scope.shard {
            log.error("a shard is moved to the nodes of another one of its store", at: location)
        }
    }

    private func latency(_ fields: inout Fields) -> FaultSpec? {
        let delay = fields.value(FaultParameters.delay)
        let jitter = fields.value(FaultParameters.jitter)
        guard let delay else { return nil }
        if let jitter, jitter > delay, let place = fields.location(of: "jitter") {
            log.error(
                "a jitter above the delay, \(Quantity.text(delay)), would need packets to arrive "
                    + "before they were sent", at: place)
        }
        return .latency(delay: delay, jitter: jitter ?? .zero)
    }

    /// Whether the fault can act on what the target names.
    private func checkReach(
        of word: FaultWord, _ target: Target, at place: SourceLocation, on topology: Topology
    ) {
        switch (word, target) {
        case (.partition, .nodes(let nodes)):
            log.error(
                "a partition needs links; write {isolate: \(nodes)}", at: place)
        case (.kill, .links), (.pause, .links), (.cacheFlush, .links), (.shardSplit, .links),
            (.shardMove, .links), (.slowloris, .links):
            log.error(
                "\(word.rawValue) acts on nodes, so its target cannot be links", at: place)
        case (.cacheFlush, .nodes(let nodes)):
            if nodes.scope.isRegion {
                log.error("cache-flush needs a cache; name one of the region's", at: place)
            }
            let tier = topology.tier(of: nodes.scope)
            if let tier, tier.kind != .cache {
                log.error(
                    "cache-flush needs a cache, and tier \(tier.name) is none", at: place,
                    suggestion: topology.tiers(serving: .cache).first?.name)
            }
        case (.shardSplit, .nodes(let nodes)), (.shardMove, .nodes(let nodes)):
            let isStore = topology.tier(of: nodes.scope)?.kind == .store
            guard isStore, nodes.scope.shard != nil, nodes.scope.role == nil, nodes.amount == .all
            else {
                return log.error(
                    "\(word.rawValue) needs one shard of a store, as store.shard-1", at: place)
            }
        case (.slowloris, .nodes(let nodes)):
            let tier = topology.tier(of: nodes.scope)
            if let tier, tier.kind != .balancer, tier.kind != .app {
                log.error(
                    "slowloris needs a tier that speaks HTTP, and \(tier.name) does not", at: place,
                    suggestion: topology.tiers(serving: .balancer).first?.name)
            }
        case (.kill, .nodes), (.pause, .nodes), (.latency, _), (.loss, _), (.partition, .links):
            break
        }
    }
}

extension Topology {
    /// The tier that a scope's nodes belong to.
    package func tier(of scope: NodeSelection.Scope) -> TierSpec? {
        if scope.isRegion { return nil }
        return tier(named: scope.name) ?? tier(ofNode: scope.name)
    }
}
