// Which publications were seen before. A client that got no answer sends the same message again,
// under the same number, and is told the offset of the first.
//
// A producer may have several numbers under way, so not only the last one is remembered but a
// window of them. The table is bounded: the producer that published longest ago goes first, and
// never one that may still be trying.

import Collections
import Linux

struct ProducerTable: Sendable {
    struct Producer: Equatable, Sendable {
        var highest: UInt64
        /// What was published within the window, ascending by sequence.
        var recent: [Seen]
        var lastUsed: LogTime
        /// The number of its last publication among those of all producers.
        var turn: UInt64
    }

    struct Seen: Equatable, Sendable {
        let sequence: UInt64
        let offset: Offset
    }

    enum Judgement: Equatable {
        case fresh
        case known(Offset)
        /// Below the window: nobody knows.
        case forgotten
        /// A producer more than fits.
        case full
    }

    private(set) var producers: [String: Producer] = [:]
    private(set) var turn: UInt64 = 0
    /// In the order of turns; entries whose turn is over are passed over.
    private var byTurn = FIFO<Turn>()

    private struct Turn: Sendable {
        let number: UInt64
        let producer: String
    }

    init() {}

    /// Ascending by turn, as a snapshot has them.
    init(restoring ordered: [(String, Producer)]) {
        for (name, producer) in ordered {
            producers[name] = producer
            byTurn.append(Turn(number: producer.turn, producer: name))
            turn = max(turn, producer.turn)
        }
    }

    mutating func judge(
        _ stamp: ProducerStamp, at now: LogTime, policy: PartitionPolicy
    ) -> Judgement {
        guard let producer = producers[stamp.producer] else {
            guard producers.count >= policy.producersMax, let eldest = eldest() else {
                return .fresh
            }
            return now - eldest.lastUsed >= policy.producerIdleMin ? .fresh : .full
        }
        if stamp.sequence > producer.highest { return .fresh }
        if let seen = producer.recent.first(where: { $0.sequence == stamp.sequence }) {
            return .known(seen.offset)
        }
        return stamp.sequence + UInt64(policy.producerWindow) > producer.highest
            ? .fresh : .forgotten
    }

    /// Remembers a publication that was judged fresh.
    mutating func note(
        _ stamp: ProducerStamp, _ offset: Offset, at now: LogTime, policy: PartitionPolicy
    ) {
        if producers[stamp.producer] == nil {
            // A policy may have come to allow fewer than there are.
            while producers.count >= policy.producersMax { evict() }
        }
        turn += 1
        var producer =
            producers.removeValue(forKey: stamp.producer)
            ?? Producer(highest: stamp.sequence, recent: [], lastUsed: now, turn: turn)
        producer.highest = max(producer.highest, stamp.sequence)
        producer.lastUsed = now
        producer.turn = turn
        let place = producer.recent.firstIndex { $0.sequence > stamp.sequence }
        producer.recent.insert(
            Seen(sequence: stamp.sequence, offset: offset), at: place ?? producer.recent.count)
        let window = UInt64(policy.producerWindow)
        producer.recent.removeAll { $0.sequence + window <= producer.highest }
        producers[stamp.producer] = producer
        remember(Turn(number: turn, producer: stamp.producer))
    }

    /// The producer that published longest ago, which then stands first in `byTurn`.
    private mutating func eldest() -> Producer? {
        while let next = byTurn.first {
            if let producer = producers[next.producer], producer.turn == next.number {
                return producer
            }
            _ = byTurn.popFirst()
        }
        return nil
    }

    private mutating func evict() {
        guard eldest() != nil, let next = byTurn.popFirst() else { return }
        producers[next.producer] = nil
    }

    private mutating func remember(_ turn: Turn) {
        byTurn.append(turn)
        guard byTurn.count > 2 * producers.count + 1024 else { return }
        var kept = FIFO<Turn>()
        while let next = byTurn.popFirst() {
            if producers[next.producer]?.turn == next.number { kept.append(next) }
        }
        byTurn = kept
    }
}
