// The numbers that a queue hands out, each a type of its own so that none is taken for another.

import Wire

/// A message's place in its topic, counted from 0 in the order of arrival and never used again.
struct Offset: RawRepresentable, Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static let zero = Offset(rawValue: 0)
    var next: Offset { Offset(rawValue: rawValue + 1) }

    static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }
}

/// How often a queue was started; the log counts it, so that no two starts share one.
struct Generation: RawRepresentable, Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static let none = Generation(rawValue: 0)
    var next: Generation { Generation(rawValue: rawValue + 1) }

    static func < (left: Generation, right: Generation) -> Bool { left.rawValue < right.rawValue }
}

/// The name of one delivery, which its worker hands back: `generation.offset.number`.
///
/// It names the delivery and not the message. A worker that was too slow, or that a queue delivered
/// to before it was restarted, holds a tag that fits no delivery any more and can take nothing away
/// from the worker that has the message now.
struct DeliveryTag: Hashable, Sendable, CustomStringConvertible {
    let generation: Generation
    let offset: Offset
    /// Counts the deliveries of a topic within one generation.
    let number: UInt64

    init(generation: Generation, offset: Offset, number: UInt64) {
        self.generation = generation
        self.offset = offset
        self.number = number
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            .map { UInt64($0) }
        guard parts.count == 3, let generation = parts[0], let offset = parts[1],
            let number = parts[2]
        else { return nil }
        self.init(
            generation: Generation(rawValue: generation), offset: Offset(rawValue: offset),
            number: number)
    }

    var description: String { "\(generation.rawValue).\(offset.rawValue).\(number)" }
}
