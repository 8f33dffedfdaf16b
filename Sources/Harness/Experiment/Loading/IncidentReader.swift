// Reads incident files. The shape of one, as a run writes it:
//
//     apiVersion: faultline/v1
//     kind: Incident
//     recorded: "2026-11-24T10:00:00.000000Z"
//     seed: 7
//     arrivals: "9f8e7d6c5b4a3f2e"             # fingerprint of the planned arrivals
//     events:
//       - {step: 1, injected: 1ms20us, healed: 8s, nodes: [store-1-2]}
//       - {step: 2, injected: 12s, healed: 17s, links: [[app-1, app-2], [app-2, app-1]]}
//     experiment-file: experiments/x.yaml
//     experiment: |2
//       ...                                    # the whole text of the experiment
//     topology-file: fixtures/topologies/y.yaml
//     topology: |2
//       ...

import Linux

struct IncidentReader {
    let log: DiagnosticLog

    func incident(_ root: YAMLNode, source: String) -> Incident? {
        guard var fields = Fields(root, "an incident", log) else { return nil }
        fields.allow(DocumentKind.headKeys)
        let recorded = fields.required("recorded", Checked.text)
        let seed = fields.required("seed", ExperimentReader.seed)
        let arrivals = fields.required("arrivals", Checked.text)
        let eventsNode = fields.takeRequired("events")
        let experimentFile = fields.optional("experiment-file", Checked.text) ?? source
        let topologyFile = fields.optional("topology-file", Checked.text) ?? source
        let experimentNode = fields.takeRequired("experiment")
        let topologyNode = fields.takeRequired("topology")
        fields.finish()
        let topology = topologyNode.flatMap { embedded($0, .topology, in: source) }.flatMap {
            TopologyReader(log: log).topology($0.root, source: topologyFile, text: $0.text)
        }
        let plan = experimentNode.flatMap { embedded($0, .experiment, in: source) }.flatMap {
            ExperimentReader(log: log).experiment(
                $0.root, source: experimentFile, text: $0.text, topology: { _ in topology })
        }
        guard let recorded, let seed, let arrivals, let eventsNode, var plan else { return nil }
        guard let events = events(eventsNode, of: plan) else { return nil }
        plan.seed = seed
        return Incident(
            experiment: plan, recorded: recorded, seed: seed, arrivals: arrivals, events: events)
    }

    /// The document inside a literal block, with places of the file around it.
    private func embedded(
        _ node: YAMLNode, _ kind: DocumentKind, in file: String
    ) -> (root: YAMLNode, text: String)? {
        guard case .scalar(let text, .literal(let firstLine, let indentation)) = node.content
        else {
            log.error("an embedded file must be a literal block: |", at: node.location)
            return nil
        }
        let source = SourceText(
            file: file, text: text, lineOffset: firstLine - 1, columnOffset: indentation)
        guard let root = YAMLParser.parse(text, as: source, log: log),
            DocumentKind.expect(kind, root, log)
        else { return nil }
        return (root, text)
    }

    private func events(_ node: YAMLNode, of plan: ExperimentPlan) -> [RecordedEvent]? {
        guard let items = node.items("\"events\"", log) else { return nil }
        let events = items.compactMap { event($0, of: plan) }
        return events.count == items.count ? events : nil
    }

    private func event(_ node: YAMLNode, of plan: ExperimentPlan) -> RecordedEvent? {
        guard var fields = Fields(node, "an event", log) else { return nil }
        let problems = log.count
        let times = Checked.duration(.zero ... .seconds(86_400))
        let stepNode = fields.takeRequired("step")
        let injected = fields.required("injected", times)
        let healed = fields.optional("healed", times)
        let nodes = fields.take("nodes").map { names($0, "\"nodes\"", plan.topology) } ?? []
        let links = fields.take("links").map { pairs($0, plan.topology) } ?? []
        fields.finish()
        let ids = plan.method.map(\.id)
        guard let stepNode, let step = stepNode.scalar("\"step\"", log, Checked.text) else {
            return nil
        }
        if !ids.contains(step) { log.unknown("step", step, among: ids, at: stepNode.location) }
        if nodes.isEmpty, links.isEmpty, log.count == problems {
            log.error("an event needs \"nodes\" or \"links\"", at: node.location)
        }
        guard let injected, log.count == problems else { return nil }
        return RecordedEvent(
            step: step, injected: injected, healed: healed, nodes: nodes, links: links)
    }

    private func names(_ node: YAMLNode, _ noun: String, _ topology: Topology) -> [String] {
        (node.items(noun, log) ?? []).compactMap { item in
            guard let name = item.scalar(noun, log, Checked.text) else { return nil }
            guard topology.tier(ofNode: name) != nil || name == Topology.clientNode else {
                log.unknown(
                    "node", name, among: topology.tiers.flatMap(\.nodeNames), at: item.location)
                return nil
            }
            return name
        }
    }

    private func pairs(_ node: YAMLNode, _ topology: Topology) -> [DirectedLink] {
        (node.items("\"links\"", log) ?? []).compactMap { item in
            let ends = names(item, "a link", topology)
            guard ends.count == 2 else {
                log.error("a link is written [from, to]", at: item.location)
                return nil
            }
            return DirectedLink(from: ends[0], to: ends[1])
        }
    }
}
