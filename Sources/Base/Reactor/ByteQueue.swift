// Bytes that arrive at one end and are consumed at the other, always contiguous, so that a parser
// gets one span over all of them.

/// A growable queue of bytes.
package struct ByteQueue {
    private var storage: [UInt8] = []
    /// 0 <= head <= storage.count; what lies before it is consumed.
    private var head = 0

    package init() {}

    package var count: Int { storage.count - head }
    package var isEmpty: Bool { head == storage.count }

    /// Everything not yet consumed.
    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(head..<storage.count) }
    }

    /// Lends everything not yet consumed; for a queue that is itself a property of an object.
    package func withSpan<Result, Failure>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(span)
    }

    /// A copy of everything not yet consumed.
    package var bytes: [UInt8] { Array(storage[head...]) }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        storage.append(contentsOf: bytes)
    }

    package mutating func append(copying span: Span<UInt8>) {
        // A span offers no sequence to append from; the pointer does not leave the closure.
        unsafe span.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
    }

    /// Appends the first bytes of a buffer that the caller has just filled.
    mutating func append(copying buffer: UnsafeMutableRawBufferPointer, count: Int) {
        let filled = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
        unsafe storage.append(contentsOf: filled)
    }

    /// Hands on the room of an empty queue; one that is not keeps its own.
    mutating func release(to spares: inout SpareBuffers) {
        guard isEmpty else { return }
        spares.give(&storage)
        head = 0
    }

    /// Takes room from among the spare, unless there is some.
    mutating func find(roomIn spares: inout SpareBuffers) {
        if storage.capacity == 0 { storage = spares.take() }
    }

    /// Drops `count` bytes from the front.
    package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "only what is there can be consumed")
        head += count
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity <= 1 << 16)
            head = 0
        } else if head >= 1 << 16, head * 2 >= storage.count {
            storage.removeFirst(head)
            head = 0
        }
    }
}
