// An incident is a run that can be replayed: the very texts of its experiment and topology, and
// what chance and the clock made of them. A run writes its own; a recorded outage becomes one too.

/// A recorded run.
package struct Incident: Sendable, Equatable {
    /// The embedded experiment, with `seed` in the place of its own.
    package var experiment: ExperimentPlan
    /// When the run began, by the wall clock in RFC 3339; a label.
    package var recorded: String
    package var seed: UInt64
    /// Of the planned arrivals: equal when a replay plans the same requests at the same times.
    package var arrivals: String
    /// One a fault that fired, in the order of time.
    package var events: [RecordedEvent]

    package init(
        experiment: ExperimentPlan, recorded: String, seed: UInt64, arrivals: String,
        events: [RecordedEvent]
    ) {
        self.experiment = experiment
        self.recorded = recorded
        self.seed = seed
        self.arrivals = arrivals
        self.events = events
    }
}

/// What one step of the method came to.
package struct RecordedEvent: Sendable, Equatable {
    /// The step's `id`.
    package var step: String
    /// When the fault was in force, counted from the end of `baseline`.
    package var injected: Duration
    /// When it was gone; nil when it happened at once or the run ended first.
    package var healed: Duration?
    /// What a node target resolved to.
    package var nodes: [String]
    /// What a link target resolved to.
    package var links: [DirectedLink]

    package init(
        step: String, injected: Duration, healed: Duration?, nodes: [String],
        links: [DirectedLink] = []
    ) {
        self.step = step
        self.injected = injected
        self.healed = healed
        self.nodes = nodes
        self.links = links
    }
}

extension Incident {
    /// The incident as a file.
    package var yaml: String {
        """
        # A recorded run; `faultline replay` repeats it.
        apiVersion: \(DocumentKind.version)
        kind: \(DocumentKind.incident.rawValue)
        recorded: "\(recorded)"
        seed: \(seed)
        arrivals: "\(arrivals)"
        events:\(events.isEmpty ? " []" : "")
        \(events.map { $0.yaml + "\n" }.joined())experiment-file: \(Self.quoted(experiment.source))
        experiment: \(Self.literal(experiment.text))
        topology-file: \(Self.quoted(experiment.topology.source))
        topology: \(Self.literal(experiment.topology.text))

        """
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : "\($0)" }.joined()
        return "\"\(escaped)\""
    }

    /// A literal block whose indentation is said outright, so that any first line is fine.
    private static func literal(_ text: String) -> String {
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        let ends = text.last?.isNewline == true
        let body = ends ? text.dropLast() : text[...]
        let lines = body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        // `+` keeps every newline at the end, `-` adds none.
        return (["|2\(ends ? "+" : "-")"] + lines.map { "  \($0)" }).joined(separator: "\n")
    }
}

extension RecordedEvent {
    fileprivate var yaml: String {
        var fields = ["step: \(step)", "injected: \(Quantity.text(injected))"]
        if let healed { fields.append("healed: \(Quantity.text(healed))") }
        if !nodes.isEmpty { fields.append("nodes: [\(nodes.joined(separator: ", "))]") }
        if !links.isEmpty {
            let pairs = links.map { "[\($0.from), \($0.to)]" }.joined(separator: ", ")
            fields.append("links: [\(pairs)]")
        }
        return "  - {\(fields.joined(separator: ", "))}"
    }
}
