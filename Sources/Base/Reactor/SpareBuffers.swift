// Room for bytes that goes from hand to hand: a connection that lies idle holds none, and the next one
// that has something to do finds it warm, without asking the allocator.

/// A bounded stack of emptied buffers.
package struct SpareBuffers {
    /// Buffers kept, and the largest that is: what one burst needed is not held for ever.
    private static let countMax = 64
    private static let capacityMax = 4096

    private var buffers: [[UInt8]] = []

    package init() {}

    package var count: Int { buffers.count }

    /// An empty buffer, with room if there is one.
    package mutating func take() -> [UInt8] { buffers.popLast() ?? [] }

    /// Empties a buffer and takes its room.
    package mutating func give(_ buffer: inout [UInt8]) {
        guard buffer.capacity > 0 else { return }
        if buffer.capacity <= Self.capacityMax, buffers.count < Self.countMax {
            buffer.removeAll(keepingCapacity: true)
            buffers.append(buffer)
        }
        buffer = []
    }
}
