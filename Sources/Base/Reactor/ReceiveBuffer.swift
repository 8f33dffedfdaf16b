// Where every stream of the loop receives to: one thread reads one socket at a time and copies the bytes
// on at once, so one buffer serves them all, and stays in the processor's cache.

@ReactorActor
enum ReceiveBuffer {
    static let size = 64 * 1024
    static let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    /// Room of the queues that are empty.
    static var spares = SpareBuffers()
}
