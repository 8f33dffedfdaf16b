// From keys to places on a line, of which each shard owns one range. Stores decide by it, and clients
// route by it, so that the rule lives here once.
//
// A hash deals users evenly; the user's number keeps neighbours together. Both look only at the key's
// tag (ShardKey), so that all keys of a user share a shard for ever, however often it is split.

/// From a key to its place on the line.
package enum ShardRule: Hashable, Sendable {
    /// The shard that `ShardKey` gives among so many, then the rest of the hash.
    case hash(shards: UInt64)
    /// The first number in the tag; keys without one come first.
    case user

    /// Bits of a coordinate below the number of the shard that it began in.
    package static let hashBits: UInt64 = 40

    package func coordinate(of key: Span<UInt8>) -> UInt64 {
        let tag = key.extracting(ShardKey.tag(of: key))
        switch self {
        case .hash(let shards):
            let hash = ShardKey.hash(tag)
            return (hash % shards) << Self.hashBits | Self.mixed(hash / shards)
                >> (64 - Self.hashBits)
        case .user: return Self.number(in: tag)
        }
    }

    /// Spreads names that differ in their last letter alone over the whole shard, which FNV does
    /// not: SplitMix64's finalizer (Steele, Lea, Flood, 2014).
    private static func mixed(_ hash: UInt64) -> UInt64 {
        var mixed = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static func number(in tag: Span<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        var isInside = false
        for place in tag.indices {
            let digit = tag[place] &- UInt8(ascii: "0")
            guard digit < 10 else {
                if isInside { break }
                continue
            }
            isInside = true
            let (product, isOver) = number.multipliedReportingOverflow(by: 10)
            if isOver { return .max }
            let (sum, isTooMuch) = product.addingReportingOverflow(UInt64(digit))
            if isTooMuch { return .max }
            number = sum
        }
        return number
    }
}

/// Coordinates from `lower` on, below `upper` or to the end of the line.
package struct ShardRange: Hashable, Sendable, CustomStringConvertible {
    package var lower: UInt64
    package var upper: UInt64?

    package init(lower: UInt64, upper: UInt64?) {
        precondition(upper.map { lower < $0 } ?? true, "a range is not empty")
        self.lower = lower
        self.upper = upper
    }

    package static let whole = ShardRange(lower: 0, upper: nil)

    package func contains(_ coordinate: UInt64) -> Bool {
        lower <= coordinate && (upper.map { coordinate < $0 } ?? true)
    }

    package func overlaps(_ other: ShardRange) -> Bool {
        (other.upper.map { lower < $0 } ?? true) && (upper.map { other.lower < $0 } ?? true)
    }

    /// Whether all of another range lies in this one.
    package func covers(_ other: ShardRange) -> Bool {
        guard lower <= other.lower else { return false }
        guard let upper else { return true }
        return other.upper.map { $0 <= upper } ?? false
    }

    /// Both as one, where they are neighbours.
    package func joined(with other: ShardRange) -> ShardRange? {
        if upper == other.lower { return ShardRange(lower: lower, upper: other.upper) }
        if other.upper == lower { return ShardRange(lower: other.lower, upper: upper) }
        return nil
    }

    /// Whether a split there leaves something on both sides.
    package func canSplit(at boundary: UInt64) -> Bool { boundary > lower && contains(boundary) }

    /// The middle, where there is an end to have one.
    package var middle: UInt64? {
        guard let upper, upper - lower > 1 else { return nil }
        return lower + (upper - lower) / 2
    }

    package var description: String { "\(lower)..<\(upper.map { "\($0)" } ?? "")" }
}
