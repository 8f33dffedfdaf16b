// Room for frames that wait: a fixed number of slots, so that a flood meets a full store, which is
// a case that the caller handles, and not the end of memory.

import Glibc

/// A fixed set of slots for Ethernet frames of at most 1536 bytes; touched pages alone cost memory.
@safe
package struct FrameStore: ~Copyable {
    /// Names an occupied slot until it is released.
    package struct Slot: Hashable, Sendable { let index: Int32 }

    private static var slotSize: Int { 1536 }

    private let base: UnsafeMutableRawPointer
    private var lengths: [Int32]
    /// Free slots; the last one released is used next, since its page is warm.
    private var free: [Int32]

    package init(capacity: Int) {
        precondition(capacity > 0, "a store has room")
        unsafe base = UnsafeMutableRawPointer.allocate(
            byteCount: capacity * Self.slotSize, alignment: 64)
        lengths = Array(repeating: 0, count: capacity)
        free = (0..<Int32(capacity)).reversed()
    }

    deinit { unsafe base.deallocate() }

    package var count: Int { lengths.count - free.count }

    /// Copies a frame under new hardware addresses; nil when it is too long or the store is full.
    package mutating func keep(
        _ frame: Span<UInt8>, to destination: LinkAddress, from source: LinkAddress
    ) -> Slot? {
        guard frame.count >= 14, frame.count <= Self.slotSize, let index = free.popLast() else {
            return nil
        }
        let target = unsafe base + Int(index) * Self.slotSize
        unsafe frame.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe target.copyMemory(from: start, byteCount: bytes.count)
        }
        for (offset, byte) in (destination.bytes + source.bytes).enumerated() {
            unsafe target.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        }
        lengths[Int(index)] = Int32(frame.count)
        return Slot(index: index)
    }

    /// Lends the frame of an occupied slot.
    package func with<Result>(_ slot: Slot, _ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: base + Int(slot.index) * Self.slotSize, count: Int(lengths[Int(slot.index)]))
        return unsafe body(bytes.bindMemory(to: UInt8.self).span)
    }

    /// Lends the frame of an occupied slot to change it in place.
    package mutating func change<Result>(
        _ slot: Slot, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result {
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            start: base + Int(slot.index) * Self.slotSize, count: Int(lengths[Int(slot.index)]))
        var frame = unsafe bytes.bindMemory(to: UInt8.self).mutableSpan
        return body(&frame)
    }

    package mutating func release(_ slot: Slot) {
        precondition(lengths[Int(slot.index)] > 0, "a slot is released once")
        lengths[Int(slot.index)] = 0
        free.append(slot.index)
    }
}
