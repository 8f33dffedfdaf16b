// What a link fault does to packets, as an experiment asks for it. A packet goes through the stages
// in one order, whichever faults brought them and whenever those came:
//
//     loss -> corrupt -> duplicate -> rate -> delay -> reorder
//
// What is lost costs no bandwidth; what is doubled does; the queue of a slow link comes before the
// way across it. Within a stage, faults act one after the other in the order of their injection:
// any of several losses may take a packet, it passes each rate limit in turn, delays add up.

/// How the packets of one direction are treated; a stage that is nil or zero does nothing.
package struct Impairment: Hashable, Sendable {
    package var loss: Loss?
    package var corruption: Corruption?
    /// Share of packets that arrive twice; 0...1.
    package var duplicate: Double
    package var rate: RateLimit?
    package var delay: Delay?
    package var reordering: Reordering?

    package init(
        loss: Loss? = nil, corruption: Corruption? = nil, duplicate: Double = 0,
        rate: RateLimit? = nil, delay: Delay? = nil, reordering: Reordering? = nil
    ) {
        precondition((0...1).contains(duplicate), "a share lies between 0 and 1")
        self.loss = loss
        self.corruption = corruption
        self.duplicate = duplicate
        self.rate = rate
        self.delay = delay
        self.reordering = reordering
    }

    /// A plain delay, for a link that has a length.
    package init(delay: Duration, jitter: Duration = .zero) {
        self.init(delay: Delay(delay, jitter: jitter))
    }
}

/// Bits of the payload that turn over on the way.
package struct Corruption: Hashable, Sendable {
    /// What becomes of the checksum of TCP or UDP.
    package enum Checksum: String, CaseIterable, Hashable, Sendable {
        /// It is left, so that the receiver's kernel notices and drops the packet.
        case broken
        /// It is mended, so that the damage reaches the program.
        case repaired
    }

    /// Share of packets in which one bit is turned over; above 0, up to 1.
    package var ratio: Double
    package var checksum: Checksum

    package init(ratio: Double, checksum: Checksum = .broken) {
        precondition(ratio > 0 && ratio <= 1, "a share lies between 0 and 1")
        self.ratio = ratio
        self.checksum = checksum
    }
}

/// Packets that others overtake.
package struct Reordering: Hashable, Sendable {
    /// Share of packets that are held back; above 0, up to 1.
    package var ratio: Double
    /// For how long; those sent after them, by less than this, come before them.
    package var delay: Duration

    package init(ratio: Double, delay: Duration) {
        precondition(ratio > 0 && ratio <= 1, "a share lies between 0 and 1")
        precondition(delay > .zero, "nobody overtakes what is not held back")
        self.ratio = ratio
        self.delay = delay
    }
}

/// A link that carries so many bits a second, with a queue before it.
///
/// Counted are the bytes of Ethernet frames without preamble and check sequence, as tbf and netem
/// count them. A packet's time on the link is its length over the rate, and the next one waits for
/// it; what finds the queue full is dropped from its tail.
package struct RateLimit: Hashable, Sendable {
    package enum Queue: Hashable, Sendable {
        case bytes(Int)
        case packets(Int)
    }

    package var bitsPerSecond: Int
    /// What may wait, the packet that is being sent included. One packet always may.
    package var queue: Queue

    package init(bitsPerSecond: Int, queue: Queue = .packets(1000)) {
        precondition(bitsPerSecond > 0, "a link carries something")
        self.bitsPerSecond = bitsPerSecond
        self.queue = queue
    }
}
