// A sorted set: the score of each member by its name, and the members by score. Names are shared between the
// two, not copied.

struct Score: MemberPayload {
    var value: Double
    /// The tree's node for the member.
    var size: Int { RankedTree.nodeSize }
}

final class SortedSet {
    private let scores: MemberTable<Score>
    private var tree = RankedTree()

    init() { scores = MemberTable() }

    private init(_ other: SortedSet) {
        scores = other.scores.copied
        tree = other.tree
    }

    var copied: SortedSet { SortedSet(self) }
    var count: Int { scores.count }
    var size: Int { scores.size }
    var isScanned: Bool { scores.isScanned }
    var members: [MemberTable<Score>.Member] { scores.members }

    func score(of name: Span<UInt8>) -> Double? { scores.payload(of: name)?.value }

    /// True when the member is new.
    @discardableResult
    func set(_ name: Span<UInt8>, to score: Double) -> Bool {
        let bytes = [UInt8](copying: name)
        let old = self.score(of: name)
        if let old {
            guard old != score else { return false }
            tree.remove(bytes, old)
        }
        scores.set(name, to: Score(value: score))
        tree.insert(bytes, score)
        return old == nil
    }

    /// False when there was no such member.
    func remove(_ name: Span<UInt8>) -> Bool {
        guard let old = scores.remove(name) else { return false }
        tree.remove([UInt8](copying: name), old.value)
        return true
    }

    /// Places from the lowest score, counted from 0.
    func rank(of name: Span<UInt8>) -> Int? {
        score(of: name).map { tree.rank(of: [UInt8](copying: name), $0) }
    }

    /// 0 <= rank < count.
    func member(at rank: Int) -> (name: [UInt8], score: Double) { tree[rank] }

    func ranks(in bounds: ScoreBounds) -> Range<Int> {
        let start = tree.count(below: bounds.least, orEqual: bounds.excludesLeast)
        let end = tree.count(below: bounds.most, orEqual: !bounds.excludesMost)
        return start..<max(start, end)
    }

    func scan(from cursor: UInt64, countMax: Int) -> (places: Range<Int>, next: UInt64) {
        scores.scan(from: cursor, countMax: countMax)
    }
}

/// The two ends of ZCOUNT and its kin: `(1.5` excludes, `-inf` and `+inf` are the ends of all.
struct ScoreBounds {
    var least: Double
    var most: Double
    var excludesLeast = false
    var excludesMost = false
}
