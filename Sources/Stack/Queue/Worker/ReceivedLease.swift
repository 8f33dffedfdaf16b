// What the queue hands a worker, read off the wire.

import Wire

/// A message as FETCH replies with it.
struct ReceivedLease: Sendable {
    /// Counted from 1.
    let partition: Int
    let token: String
    let attempt: Int
    let payload: [UInt8]

    init?(_ reply: RESPValue, partition: Int) {
        guard let parts = reply.elements, parts.count >= 4, let token = parts[0].text,
            let attempt = parts[1].integer, let payload = parts[3].bytes
        else { return nil }
        self.partition = partition
        self.token = token
        self.attempt = Int(clamping: attempt)
        self.payload = payload
    }

    /// Different for every delivery of every message.
    var name: String { "p\(partition)-\(token)" }
}

/// The worker's share, as JOIN and HEARTBEAT reply with it.
struct ReceivedAssignment: Equatable, Sendable {
    let generation: Int64
    /// Counted from 1.
    let partitions: [Int]

    init?(_ reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 3, let generation = parts[0].integer,
            let partitions = parts[2].elements
        else { return nil }
        self.generation = generation
        self.partitions = partitions.compactMap { $0.integer.map { Int(clamping: $0) } }
    }
}
