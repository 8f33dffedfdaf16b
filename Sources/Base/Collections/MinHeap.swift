// A binary heap: the least element is at hand, insertion and removal cost a logarithm. Timers, packets
// and leases all wait in one, so their elements compare by deadline first and by order of arrival then,
// which makes every order total and every run the same.

/// Elements of which only the least is known to be in its place.
package struct MinHeap<Element: Comparable> {
    /// No element is less than its parent, at (index - 1) / 2.
    @usableFromInline var elements: [Element] = []

    @inlinable package init() {}

    @inlinable package var count: Int { elements.count }
    @inlinable package var isEmpty: Bool { elements.isEmpty }
    @inlinable package var least: Element? { elements.first }

    @inlinable package mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable package mutating func takeLeast() -> Element? {
        guard let least = elements.first else { return nil }
        let last = elements.removeLast()
        if !elements.isEmpty {
            elements[0] = last
            sink(from: 0)
        }
        return least
    }

    /// Keeps only what passes; linear.
    @inlinable package mutating func keep(_ passes: (Element) -> Bool) {
        elements.removeAll { !passes($0) }
        for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(from: index) }
    }

    /// Takes out all that match, least first.
    @inlinable package mutating func take(where matches: (Element) -> Bool) -> [Element] {
        let taken = elements.filter(matches).sorted()
        if !taken.isEmpty { keep { !matches($0) } }
        return taken
    }

    @inlinable mutating func sink(from start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < elements.count && elements[child] < elements[smallest] {
                smallest = child
            }
            if smallest == parent { return }
            elements.swapAt(parent, smallest)
            parent = smallest
        }
    }
}

extension MinHeap: Sendable where Element: Sendable {}
