// Which of several caches has a key: consistent hashing (Karger et al., STOC 1997) with points on a ring, so
// that a cache more or less moves only its own share of the keys. Plain division would move nearly all of
// them, and a cache whose keys have all moved is a cold one.

import Wire

struct HashRing {
    /// By their place on the ring.
    private let points: [(place: UInt64, member: Int)]

    /// Points of each member: with 160, as in libketama, shares differ by some 10%.
    private static let pointsPerMember = 160

    /// Names, not numbers, decide the places, so that the order of the list does not matter.
    init(_ names: [String]) {
        precondition(!names.isEmpty, "a ring has members")
        points = names.enumerated().flatMap { member, name in
            (0..<Self.pointsPerMember).map { number in
                let bytes = Array("\(name)#\(number)".utf8)
                return (place: Self.spread(ShardKey.hash(bytes.span)), member: member)
            }
        }.sorted { ($0.place, $0.member) < ($1.place, $1.member) }
    }

    /// The member at the first point at or after the key's place. Keys of one tag have the same.
    func member(of key: String) -> Int {
        let bytes = Array(key.utf8)
        let tag = ShardKey.tag(of: bytes.span)
        let place = Self.spread(ShardKey.hash(bytes.span.extracting(tag)))
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return points[low == points.count ? 0 : low].member
    }

    /// FNV-1a leaves names that differ in their last letters close together; the finish of SplitMix64
    /// spreads them over the ring.
    private static func spread(_ hash: UInt64) -> UInt64 {
        var mixed = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
