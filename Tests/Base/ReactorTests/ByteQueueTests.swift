// Bytes wait in order whatever is consumed in between, and room goes from queue to queue.

import Determinism
import Testing

@testable import Reactor

struct ByteQueueTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `any mix of appending and consuming agrees with an array`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = ByteQueue()
        var model: [UInt8] = []
        var next: UInt8 = 0
        for _ in 0..<300 {
            if random.next() % 3 < 2 {
                let count = Int(random.next() % 3000)
                let bytes = (0..<count).map { next &+ UInt8(truncatingIfNeeded: $0) }
                next = next &+ UInt8(truncatingIfNeeded: count)
                queue.append(copying: bytes.span)
                model += bytes
            } else {
                let count = Int(random.next() % UInt64(model.count + 1))
                queue.consume(count)
                model.removeFirst(count)
            }
            #expect(queue.count == model.count)
        }
        #expect(queue.bytes == model)
    }

    @Test func `the room of an empty queue serves the next, that of a full one stays`() {
        var spares = SpareBuffers()
        var first = ByteQueue()
        first.append([1, 2, 3])
        first.release(to: &spares)
        #expect(spares.count == 0)
        #expect(first.bytes == [1, 2, 3])
        first.consume(3)
        first.release(to: &spares)
        #expect(spares.count == 1)
        var second = ByteQueue()
        second.find(roomIn: &spares)
        #expect(spares.count == 0)
        #expect(second.isEmpty)
        second.append([4])
        #expect(second.bytes == [4])
        first.append([5])
        #expect(first.bytes == [5])
    }

    @Test func `spare room has a bound, in number and in size`() {
        var spares = SpareBuffers()
        for _ in 0..<1000 {
            var buffer: [UInt8] = [1]
            spares.give(&buffer)
            #expect(buffer.isEmpty)
        }
        #expect(spares.count == 64)
        _ = spares.take()
        var large = [UInt8](repeating: 0, count: 1 << 20)
        spares.give(&large)
        #expect(large.capacity == 0)
        #expect(spares.count == 63)
        let taken = spares.take()
        #expect(taken.isEmpty)
    }
}
