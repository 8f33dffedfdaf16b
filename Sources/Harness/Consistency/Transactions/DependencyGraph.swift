// Which transaction must come before which, and why. The edges are Adya's (Weak Consistency: A
// Generalized Theory and Optimistic Implementations for Distributed Transactions, 1999).

/// A set of reasons.
struct Dependencies: OptionSet, Hashable {
    let rawValue: UInt8

    /// The second overwrites what the first wrote.
    static let writeWrite = Dependencies(rawValue: 1)
    /// The second reads what the first wrote.
    static let writeRead = Dependencies(rawValue: 2)
    /// The second overwrites what the first read: an anti-dependency.
    static let readWrite = Dependencies(rawValue: 4)
    /// The first was answered before the second was invoked.
    static let realTime = Dependencies(rawValue: 8)

    var word: String {
        switch self {
        case .writeWrite: "ww"
        case .writeRead: "wr"
        case .readWrite: "rw"
        case .realTime: "rt"
        default: "?"
        }
    }
}

struct DependencyGraph {
    struct Edge: Hashable {
        var from: Int32
        var to: Int32
        var kind: Dependencies
        /// The key that it is about; -1 for real time.
        var key: Int32
    }

    let count: Int
    private var starts: [Int32]
    private let edges: [Edge]

    /// `count` nodes; an edge from a node to itself says nothing and is left out.
    init(count: Int, edges unsorted: [Edge]) {
        self.count = count
        var starts = [Int32](repeating: 0, count: count + 1)
        for edge in unsorted where edge.from != edge.to { starts[Int(edge.from) + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        var ends = starts
        var sorted = unsorted
        sorted.removeLast(unsorted.count - Int(starts[count]))
        for edge in unsorted where edge.from != edge.to {
            sorted[Int(ends[Int(edge.from)])] = edge
            ends[Int(edge.from)] += 1
        }
        self.starts = starts
        edges = sorted
    }

    func edges(from node: Int32) -> ArraySlice<Edge> {
        edges[Int(starts[Int(node)])..<Int(starts[Int(node) + 1])]
    }
}

extension DependencyGraph {
    /// Groups of nodes each of which reaches all others of its group by edges of these kinds, of two
    /// nodes or more (Tarjan, Depth-First Search and Linear Graph Algorithms, 1972; without
    /// recursion, as a history may be one long path).
    func components(by kinds: Dependencies) -> [[Int32]] {
        var search = ComponentSearch(self, kinds)
        return search.run()
    }

    /// The fewest edges that lead from one node to another, through the nodes of one group.
    func path(
        from start: Int32, to end: Int32, by kinds: Dependencies, within group: Set<Int32>
    ) -> [Edge]? {
        var arrivals: [Int32: Edge] = [:]
        var front = [start]
        while !front.isEmpty {
            var reached: [Int32] = []
            for node in front {
                for edge in edges(from: node)
                where kinds.contains(edge.kind) && group.contains(edge.to)
                    && arrivals[edge.to] == nil && edge.to != start
                {
                    arrivals[edge.to] = edge
                    if edge.to == end { return Self.unwind(arrivals, from: start, to: end) }
                    reached.append(edge.to)
                }
            }
            front = reached
        }
        return nil
    }

    private static func unwind(_ arrivals: [Int32: Edge], from start: Int32, to end: Int32)
        -> [Edge]
    {
        var path: [Edge] = []
        var node = end
        while node != start, let edge = arrivals[node] {
            path.append(edge)
            node = edge.from
        }
        return path.reversed()
    }
}

private struct ComponentSearch {
    private struct Visit {
        var node: Int32
        var edge: Int
    }

    private let graph: DependencyGraph
    private let kinds: Dependencies
    private var order: [Int32]
    private var low: [Int32]
    private var isOnStack: [Bool]
    private var stack: [Int32] = []
    private var visits: [Visit] = []
    private var next: Int32 = 0
    private var found: [[Int32]] = []

    init(_ graph: DependencyGraph, _ kinds: Dependencies) {
        self.graph = graph
        self.kinds = kinds
        order = Array(repeating: -1, count: graph.count)
        low = order
        isOnStack = Array(repeating: false, count: graph.count)
    }

    mutating func run() -> [[Int32]] {
        for root in 0..<Int32(graph.count) where order[Int(root)] < 0 {
            enter(root)
            while let visit = visits.last { advance(visit) }
        }
        return found
    }

    private mutating func enter(_ node: Int32) {
        order[Int(node)] = next
        low[Int(node)] = next
        next += 1
        stack.append(node)
        isOnStack[Int(node)] = true
        visits.append(Visit(node: node, edge: graph.edges(from: node).startIndex))
    }

    private mutating func advance(_ visit: Visit) {
        let edges = graph.edges(from: visit.node)
        guard visit.edge < edges.endIndex else { return leave(visit.node) }
        visits[visits.count - 1].edge += 1
        let edge = edges[visit.edge]
        guard kinds.contains(edge.kind) else { return }
        if order[Int(edge.to)] < 0 {
            enter(edge.to)
        } else if isOnStack[Int(edge.to)] {
            low[Int(visit.node)] = min(low[Int(visit.node)], order[Int(edge.to)])
        }
    }

    private mutating func leave(_ node: Int32) {
        visits.removeLast()
        if let parent = visits.last?.node {
            low[Int(parent)] = min(low[Int(parent)], low[Int(node)])
        }
        guard low[Int(node)] == order[Int(node)] else { return }
        var group: [Int32] = []
        while let top = stack.popLast() {
            isOnStack[Int(top)] = false
            group.append(top)
            if top == node { break }
        }
        if group.count > 1 { found.append(group) }
    }
}
