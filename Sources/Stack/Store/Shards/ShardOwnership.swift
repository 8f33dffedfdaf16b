// Which keys a shard has: a range of coordinates, and a version that grows with every change of it,
// or of the members that have it.
//
// Whatever the rule, a key has one place on a line, its coordinate, and each shard owns one range of
// that line. A hash deals users evenly; the user's number keeps neighbours together. Both look only at
// the key's tag (ShardKey), so that all keys of a user share a shard for ever, however often it is
// split.
//
// Ownership is part of a shard's replicated state. It decides, in the order of the log, whether a
// command may be executed here; what routing tables say elsewhere is no more than a hint.
//
//     rule:u8  shards:varint   lower:u64  flag [upper:u64]  version:varint

package import Wire

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

    /// Whether a split there leaves something on both sides.
    package func canSplit(at boundary: UInt64) -> Bool { boundary > lower && contains(boundary) }

    /// The middle, where there is an end to have one.
    package var middle: UInt64? {
        guard let upper, upper - lower > 1 else { return nil }
        return lower + (upper - lower) / 2
    }

    package var description: String { "\(lower)..<\(upper.map { "\($0)" } ?? "")" }
}

package struct ShardOwnership: Hashable, Sendable {
    package var rule: ShardRule
    package var range: ShardRange
    /// Grows with each change of the range or of the members, so that whoever routes by it can tell
    /// older from newer; both halves of a split have the next one.
    package var version: UInt64

    package init(rule: ShardRule, range: ShardRange, version: UInt64 = 1) {
        self.rule = rule
        self.range = range
        self.version = version
    }

    /// Everything, for a store of one shard.
    package static let everything = ShardOwnership(rule: .hash(shards: 1), range: .whole)

    package func owns(_ key: [UInt8]) -> Bool { range.contains(rule.coordinate(of: key.span)) }

    /// The two halves, of the next version.
    package func split(at boundary: UInt64) -> (left: ShardOwnership, right: ShardOwnership) {
        precondition(range.canSplit(at: boundary), "both halves have something")
        var left = self
        var right = self
        left.range.upper = boundary
        right.range.lower = boundary
        left.version += 1
        right.version += 1
        return (left, right)
    }
}

// MARK: - Coding

extension ShardOwnership {
    package func encode(into writer: inout ByteWriter) {
        switch rule {
        case .hash(let shards):
            writer.write(u8: 1)
            writer.write(varint: shards)
        case .user:
            writer.write(u8: 2)
            writer.write(varint: 0)
        }
        writer.write(u64: range.lower)
        writer.write(bool: range.upper != nil)
        if let upper = range.upper { writer.write(u64: upper) }
        writer.write(varint: version)
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.finish()
    }

    package init(from reader: inout ByteReader) throws(ByteReaderError) {
        let tag = try reader.readU8()
        let shards = try reader.readVarint()
        switch tag {
        case 1 where shards > 0: rule = .hash(shards: shards)
        case 2: rule = .user
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
        let lower = try reader.readU64()
        let upper = try reader.readBool() ? try reader.readU64() : nil
        guard upper.map({ lower < $0 }) ?? true else {
            throw ByteReaderError(reason: .impossibleCount, offset: reader.offset)
        }
        range = ShardRange(lower: lower, upper: upper)
        version = try reader.readVarint()
    }

    package init(decoding bytes: [UInt8]) throws(ByteReaderError) {
        var reader = ByteReader(bytes.span)
        self = try ShardOwnership(from: &reader)
        try reader.expectEnd()
    }
}
