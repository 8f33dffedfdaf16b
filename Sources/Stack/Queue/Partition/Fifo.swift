// A queue whose front goes away in amortised constant time, which an array's does not.

/// First in, first out.
struct Fifo<Element: Sendable>: Sendable {
    private var storage: [Element?] = []
    /// 0 <= head <= storage.count; what lies before it is taken and nil.
    private var head = 0

    init() {}

    init(_ elements: some Sequence<Element>) { storage = elements.map { $0 } }

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }
    var first: Element? { isEmpty ? nil : storage[head] }

    mutating func append(_ element: Element) { storage.append(element) }

    mutating func takeFirst() -> Element? {
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
