// Random choices among elements: victims of a fault, order of a schedule, members of a minority.

extension SeededRandom {
    /// Puts the elements into one of all orders with equal chance (Fisher and Yates, from the end).
    package mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, integer(in: 0...last))
        }
    }

    package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        shuffle(&result)
        return result
    }

    /// `count` distinct positions' elements in random order; every subset has the same chance.
    package mutating func sample<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        precondition(count >= 0 && count <= elements.count, "a sample is no larger than its source")
        var pool = elements
        for position in 0..<count {
            pool.swapAt(position, integer(in: position..<pool.count))
        }
        return Array(pool.prefix(count))
    }

    /// One element, or nil when there are none.
    package mutating func element<Element>(of elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[integer(in: 0..<elements.count)]
    }
}
