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
    /// Treats the packets of a link badly; the word is that of the step.
    case link(LinkFaultWord, Impairment)
    /// Drops every packet.
    case partition
    /// Empties a cache; happens at once.
    case cacheFlush
    /// Makes two shards of one, at a coordinate or in the middle, and one again when it heals if it
    /// lasts.
    case shardSplit(boundary: UInt64?, returns: Bool)
    /// Moves a shard to the nodes that another one began on, and back when it heals if it lasts.
    case shardMove(to: ShardPlace, returns: Bool)
    /// Keeps so many connections open to each node, whose request heads never end.
    case slowloris(connections: Int)
    /// Something is wrong with the disk that a node's data folder is on.
    case disk(DiskFault)

    /// The word of the experiment file.
    package var word: FaultWord {
        switch self {
        case .kill: .kill
        case .pause: .pause
        case .link(let word, _): word.word
        case .partition: .partition
        case .cacheFlush: .cacheFlush
        case .shardSplit: .shardSplit
        case .shardMove: .shardMove
        case .slowloris: .slowloris
        case .disk(let fault): fault.word
        }
    }
}

/// The nodes that a shard began on, as `store.shard-2`.
package struct ShardPlace: Hashable, Sendable, CustomStringConvertible {
    package var tier: String
    /// Counted from 1.
    package var shard: Int

    package init(tier: String, shard: Int) {
        self.tier = tier
        self.shard = shard
    }

    package func has(_ node: RosterNode) -> Bool { node.tier == tier && node.shard == shard }
    package var description: String { "\(tier).shard-\(shard)" }
}

/// The words for faults in an experiment file.
package enum FaultWord: String, CaseIterable, Hashable, Sendable {
    case kill, pause, latency, loss, duplicate, reorder, corrupt, rate, partition, slowloris
    case cacheFlush = "cache-flush"
    case shardSplit = "shard-split"
    case shardMove = "shard-move"
    case diskLatency = "disk-latency"
    case diskError = "disk-error"

    /// What a fault acts on.
    package enum Reach: Sendable { case nodes, links }

    package var reach: Reach {
        switch self {
        case .kill, .pause, .cacheFlush, .shardSplit, .shardMove, .slowloris: .nodes
        case .diskLatency, .diskError: .nodes
        case .latency, .loss, .duplicate, .reorder, .corrupt, .rate, .partition: .links
        }
    }

    /// Whether a fault needs a `for`, may have one, or is over the moment it happened.
    package enum Length: Sendable { case momentary, lasting, either }

    package var length: Length {
        switch self {
        case .cacheFlush: .momentary
        case .shardSplit, .shardMove: .either
        case .kill, .pause, .latency, .loss, .duplicate, .reorder, .corrupt, .rate, .partition,
            .slowloris:
            .lasting
        case .diskLatency, .diskError: .lasting
        }
    }
}

/// The words for what is done to the packets of a link, short of cutting it.
package enum LinkFaultWord: String, CaseIterable, Hashable, Sendable {
    case latency, loss, duplicate, reorder, corrupt, rate

    var word: FaultWord {
        switch self {
        case .latency: .latency
        case .loss: .loss
        case .duplicate: .duplicate
        case .reorder: .reorder
        case .corrupt: .corrupt
        case .rate: .rate
        }
    }
}
