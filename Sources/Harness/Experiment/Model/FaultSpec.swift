// The faults that an experiment can name, with their parameters.

/// The signal that a `kill` sends.
package enum KillSignal: String, CaseIterable, Sendable {
    case kill = "KILL"
    case term = "TERM"
    case abort = "ABRT"
}

/// A fault and its parameters; how it is injected is the Faults module's affair.
package enum FaultSpec: Sendable, Equatable {
    /// Ends the processes by a signal and starts them again when the fault heals.
    case kill(signal: KillSignal)
    /// Stops the processes by SIGSTOP: they keep their sockets and answer nothing.
    case pause
    /// Delays every packet one way of a link by `delay`, give or take up to `jitter`.
    case latency(delay: Duration, jitter: Duration)
    /// Drops each packet with probability `ratio`.
    case loss(ratio: Double)
    /// Drops every packet.
    case partition
    /// Empties a cache; happens at once.
    case cacheFlush

    /// The word of the experiment file.
    package var word: FaultWord {
        switch self {
        case .kill: .kill
        case .pause: .pause
        case .latency: .latency
        case .loss: .loss
        case .partition: .partition
        case .cacheFlush: .cacheFlush
        }
    }
}

/// The words for faults in an experiment file.
package enum FaultWord: String, CaseIterable, Hashable, Sendable {
    case kill, pause, latency, loss, partition
    case cacheFlush = "cache-flush"

    /// What a fault acts on.
    package enum Reach: Sendable { case nodes, links }

    package var reach: Reach {
        switch self {
        case .kill, .pause, .cacheFlush: .nodes
        case .latency, .loss, .partition: .links
        }
    }

    /// Whether it is over the moment it happened, so that `for` makes no sense.
    package var isMomentary: Bool { self == .cacheFlush }
}
