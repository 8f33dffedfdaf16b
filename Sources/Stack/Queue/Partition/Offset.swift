// The name of a message within its topic and partition.

/// A message's place in its topic, counted from 0 in the order of arrival and never used again.
struct Offset: RawRepresentable, Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static let zero = Offset(rawValue: 0)
    var next: Offset { Offset(rawValue: rawValue + 1) }

    static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }
}
