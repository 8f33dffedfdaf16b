// First in, first out, and the heap, against the standard library's array.

import Collections
import Determinism
import Testing

struct OrderedCollectionTests {
    @Test func `a fifo gives back in order what goes in`() {
        var random = SeededRandom(seed: 11)
        var fifo = FIFO<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            if random.chance(step < 10_000 ? 0.6 : 0.4) {
                fifo.append(step)
                model.append(step)
            } else {
                #expect(fifo.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(fifo.count == model.count)
            #expect(fifo.first == model.first)
        }
        #expect(fifo.isEmpty == model.isEmpty)
    }

    @Test func `a heap gives back the least first`() {
        var random = SeededRandom(seed: 12)
        var heap = MinHeap<Int>()
        var model: [Int] = []
        for _ in 0..<4000 {
            switch random.integer(in: 0..<20) {
            case 0:
                let taken = heap.take { $0 < 20 }
                #expect(taken == model.filter { $0 < 20 })
                model.removeAll { $0 < 20 }
            case 1:
                heap.keep { $0.isMultiple(of: 3) }
                model.removeAll { !$0.isMultiple(of: 3) }
            case 2..<12:
                let value = random.integer(in: 0..<500)
                heap.insert(value)
                model.append(value)
                model.sort()
            default: #expect(heap.takeLeast() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(heap.count == model.count)
            #expect(heap.least == model.first)
        }
    }
}
