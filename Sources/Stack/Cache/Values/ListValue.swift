// A list as two stacks that meet in the middle: pushes and pops at either end cost a constant on average, and
// any element is found by its index. A stack that runs empty takes half of the other, so that a list that is
// used as a queue moves each element once.

final class ListValue {
    /// The front end, its first element last.
    private var front: [[UInt8]] = []
    private var back: [[UInt8]] = []
    /// Bytes that the elements are charged with.
    private(set) var size = 0

    init() {}

    private init(_ other: ListValue) {
        (front, back, size) = (other.front, other.back, other.size)
    }

    var copied: ListValue { ListValue(self) }

    var count: Int { front.count + back.count }

    /// 0 <= index < count.
    subscript(index: Int) -> [UInt8] {
        index < front.count ? front[front.count - 1 - index] : back[index - front.count]
    }

    func pushFirst(_ element: [UInt8]) {
        size += Self.size(of: element)
        front.append(element)
    }

    func pushLast(_ element: [UInt8]) {
        size += Self.size(of: element)
        back.append(element)
    }

    func popFirst() -> [UInt8]? {
        if front.isEmpty {
            let half = (back.count + 1) / 2
            front = back.prefix(half).reversed()
            back.removeFirst(half)
        }
        return note(front.popLast())
    }

    func popLast() -> [UInt8]? {
        if back.isEmpty {
            let half = (front.count + 1) / 2
            back = front.prefix(half).reversed()
            front.removeFirst(half)
        }
        return note(back.popLast())
    }

    func replace(_ index: Int, by element: [UInt8]) {
        size += Self.size(of: element) - Self.size(of: self[index])
        if index < front.count {
            front[front.count - 1 - index] = element
        } else {
            back[index - front.count] = element
        }
    }

    /// Keeps only a range of the elements.
    func trim(to range: Range<Int>) {
        for _ in 0..<range.lowerBound { _ = popFirst() }
        while count > range.count { _ = popLast() }
    }

    /// Removes up to `countMax` elements that are equal to one, from the first on or from the last.
    func remove(_ element: Span<UInt8>, countMax: Int, fromLast: Bool) -> Int {
        let all = (0..<count).map { self[$0] }
        var doomed: Set<Int> = []
        for offset in all.indices where doomed.count < countMax {
            let index = fromLast ? all.count - 1 - offset : offset
            if all[index].isEqual(to: element) { doomed.insert(index) }
        }
        guard !doomed.isEmpty else { return 0 }
        size -= doomed.reduce(0) { $0 + Self.size(of: all[$1]) }
        front = []
        back = all.indices.filter { !doomed.contains($0) }.map { all[$0] }
        return doomed.count
    }

    private func note(_ popped: [UInt8]?) -> [UInt8]? {
        size -= popped.map(Self.size) ?? 0
        return popped
    }

    private static func size(of element: [UInt8]) -> Int { 8 + element.size }
}
