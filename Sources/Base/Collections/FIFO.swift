// A queue whose front goes away in amortised constant time, which an array's does not.
//
// What is @inlinable here is so that other modules get code for their own element, and not calls
// through witness tables.

/// First in, first out.
package struct FIFO<Element> {
    @usableFromInline var storage: [Element?] = []
    /// 0 <= head <= storage.count; what lies before it is taken and nil.
    @usableFromInline var head = 0

    @inlinable package init() {}

    @inlinable package var count: Int { storage.count - head }
    @inlinable package var isEmpty: Bool { head == storage.count }
    @inlinable package var first: Element? { isEmpty ? nil : storage[head] }

    @inlinable package mutating func append(_ element: Element) { storage.append(element) }

    @inlinable package mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity <= 1 << 12)
            head = 0
        } else if head >= 1 << 10, head * 2 >= storage.count {
            storage.removeFirst(head)
            head = 0
        }
        return element
    }
}

extension FIFO: Sendable where Element: Sendable {}
