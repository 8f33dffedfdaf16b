// The parameters of every fault, in the order in which people should think of them: the one table
// that the reader of steps, the schema and the documentation go by.

import Wire

/// The keys of a step beside those that every step has.
enum FaultParameters {
    static var signal: Parameter<KillSignal> { .word("signal", KillSignal.self) }
    static var connections: Parameter<Int> {
        .integer("connections", 1...20_000, "requests kept open to each node; default 500")
    }
    static var boundary: Parameter<Int> {
        .integer("boundary", 1 ... .max, "coordinate at which the shard is cut; default the middle")
    }
    static var place: Parameter<String> {
        .text("to", ExperimentSchema.ref("selection")).required
    }
}

extension FaultWord {
    /// The keys that a step with this fault may have beside those of every step.
    var parameters: [any StepKey] {
        switch self {
        case .kill: [FaultParameters.signal]
        case .latency: [FaultParameters.delay, FaultParameters.jitter]
        case .loss: [FaultParameters.ratio]
        case .shardSplit: [FaultParameters.boundary]
        case .shardMove: [FaultParameters.place]
        case .slowloris: [FaultParameters.connections]
        case .pause, .partition, .cacheFlush: []
        }
    }

    /// What may stand as the target of a step.
    enum Aim { case selection, links, either }

    var aim: Aim {
        switch self {
        case .kill, .pause, .cacheFlush, .shardSplit, .shardMove, .slowloris: .selection
        case .partition: .links
        case .latency, .loss: .either
        }
    }
}

extension FaultParameters {
    static var delay: Parameter<Duration> {
        .duration("delay", .microseconds(1) ... .seconds(60), "added to every packet's way")
            .required
    }
    static var jitter: Parameter<Duration> {
        .duration("jitter", .zero ... .seconds(60), "how far a delay strays; at most the delay")
    }
    static var ratio: Parameter<Double> { .share("ratio", "share of packets").required }
}
