// Members in the order of their scores, with the rank of each: a treap (Seidel and Aragon, "Randomized Search
// Trees", Algorithmica 1996) whose nodes count what is below them. Redis keeps a skip list with widths for the
// same three questions: what is at a rank, what rank has this, how many lie below a score. The tree answers
// them in the same expected logarithm with one fixed node of 48 bytes instead of towers of pointers.

struct RankedTree {
    private struct Node {
        var score: Double
        var name: [UInt8]
        var priority: UInt32
        var left: Int32 = -1
        var right: Int32 = -1
        /// Nodes at and below this one.
        var count: Int32 = 1
    }

    private var nodes: [Node] = []
    private var free: [Int32] = []
    private var root: Int32 = -1
    private var seed: UInt32 = 0x9e37_79b9

    static let nodeSize = MemoryLayout<Node>.stride

    var count: Int { count(of: root) }

    /// The pair must not be in the tree.
    mutating func insert(_ name: [UInt8], _ score: Double) {
        let fresh = Node(score: score, name: name, priority: nextPriority())
        let node: Int32
        if let reused = free.popLast() {
            nodes[Int(reused)] = fresh
            node = reused
        } else {
            nodes.append(fresh)
            node = Int32(nodes.count - 1)
        }
        let (left, right) = split(root, before: name, score)
        root = merge(merge(left, node), right)
    }

    /// The pair must be in the tree.
    mutating func remove(_ name: [UInt8], _ score: Double) {
        let (left, rest) = split(root, before: name, score)
        let (right, removed) = withoutFirst(rest)
        precondition(nodes[Int(removed)].name == name, "the tree lacks a member of its table")
        nodes[Int(removed)].name = []
        free.append(removed)
        root = merge(left, right)
    }

    /// How many pairs come before this one.
    func rank(of name: [UInt8], _ score: Double) -> Int {
        var (node, rank) = (root, 0)
        while node >= 0 {
            if isBefore(node, name, score) {
                rank += count(of: nodes[Int(node)].left) + 1
                node = nodes[Int(node)].right
            } else {
                node = nodes[Int(node)].left
            }
        }
        return rank
    }

    /// How many pairs have a score below this one, or up to it.
    func count(below score: Double, orEqual: Bool) -> Int {
        var (node, rank) = (root, 0)
        while node >= 0 {
            let own = nodes[Int(node)].score
            if own < score || (orEqual && own == score) {
                rank += count(of: nodes[Int(node)].left) + 1
                node = nodes[Int(node)].right
            } else {
                node = nodes[Int(node)].left
            }
        }
        return rank
    }

    /// 0 <= rank < count.
    subscript(rank: Int) -> (name: [UInt8], score: Double) {
        precondition(rank >= 0 && rank < count, "a rank is below the count")
        var (node, left) = (root, rank)
        while true {
            let below = count(of: nodes[Int(node)].left)
            if left == below { return (nodes[Int(node)].name, nodes[Int(node)].score) }
            if left < below {
                node = nodes[Int(node)].left
            } else {
                left -= below + 1
                node = nodes[Int(node)].right
            }
        }
    }

    // MARK: Splitting and merging

    private func count(of node: Int32) -> Int { node < 0 ? 0 : Int(nodes[Int(node)].count) }

    /// Equal scores go by the bytes of the names, as in Redis.
    private func isBefore(_ node: Int32, _ name: [UInt8], _ score: Double) -> Bool {
        let own = nodes[Int(node)]
        if own.score != score { return own.score < score }
        return own.name.lexicographicallyPrecedes(name)
    }

    private mutating func recount(_ node: Int32) {
        let index = Int(node)
        nodes[index].count = Int32(1 + count(of: nodes[index].left) + count(of: nodes[index].right))
    }

    /// What comes before a pair, and what does not. The depth is logarithmic but for odds that do not count.
    private mutating func split(
        _ node: Int32, before name: [UInt8], _ score: Double
    ) -> (Int32, Int32) {
        guard node >= 0 else { return (-1, -1) }
        if isBefore(node, name, score) {
            let (left, right) = split(nodes[Int(node)].right, before: name, score)
            nodes[Int(node)].right = left
            recount(node)
            return (node, right)
        }
        let (left, right) = split(nodes[Int(node)].left, before: name, score)
        nodes[Int(node)].left = right
        recount(node)
        return (left, node)
    }

    /// All of `left` comes before all of `right`.
    private mutating func merge(_ left: Int32, _ right: Int32) -> Int32 {
        if left < 0 { return right }
        if right < 0 { return left }
        if nodes[Int(left)].priority > nodes[Int(right)].priority {
            nodes[Int(left)].right = merge(nodes[Int(left)].right, right)
            recount(left)
            return left
        }
        nodes[Int(right)].left = merge(left, nodes[Int(right)].left)
        recount(right)
        return right
    }

    private mutating func withoutFirst(_ node: Int32) -> (rest: Int32, first: Int32) {
        precondition(node >= 0, "an empty tree has no first node")
        guard nodes[Int(node)].left >= 0 else { return (nodes[Int(node)].right, node) }
        let (rest, first) = withoutFirst(nodes[Int(node)].left)
        nodes[Int(node)].left = rest
        recount(node)
        return (node, first)
    }

    /// Marsaglia's 32-bit xorshift (2003): priorities need to be independent of the keys and no more.
    private mutating func nextPriority() -> UInt32 {
        seed ^= seed << 13
        seed ^= seed >> 17
        seed ^= seed << 5
        return seed
    }
}
