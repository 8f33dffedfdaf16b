// Which entry expires next: a binary heap of slots by deadline, where each entry knows its place in the
// heap, so that a new deadline or a removal costs O(log n). Redis finds expired keys by sampling at random;
// the heap finds all of them, in order, and a tick can stop after any number.

struct DeadlineHeap: Sendable {
    private var heap: [EntryIndex] = []

    var count: Int { heap.count }
    var soonest: EntryIndex? { heap.first }

    /// 0 <= place < count; in no order but that of the heap.
    func entry(at place: Int) -> EntryIndex { heap[place] }

    /// The soonest but one; nil with fewer than two.
    func second(in slab: borrowing EntrySlab) -> EntryIndex? {
        soonerChild(of: 0, in: slab).map { heap[$0] }
    }

    /// Gives the entry a deadline, or moves the one that it has.
    mutating func set(_ index: EntryIndex, to deadline: CacheTime, in slab: inout EntrySlab) {
        slab.entries[index.slot].deadline = deadline
        if !slab.entries[index.slot].expires {
            heap.append(index)
            slab.entries[index.slot].heapPosition = Int32(heap.count - 1)
        }
        restore(at: Int(slab.entries[index.slot].heapPosition), in: &slab)
    }

    /// False when the entry had no deadline.
    @discardableResult
    mutating func remove(_ index: EntryIndex, in slab: inout EntrySlab) -> Bool {
        guard slab.entries[index.slot].expires else { return false }
        let hole = Int(slab.entries[index.slot].heapPosition)
        precondition(heap[hole] == index, "the heap and the entry disagree about its place")
        slab.entries[index.slot].heapPosition = -1
        let last = heap.removeLast()
        if last != index {
            place(last, at: hole, in: &slab)
            restore(at: hole, in: &slab)
        }
        return true
    }

    private mutating func place(_ index: EntryIndex, at position: Int, in slab: inout EntrySlab) {
        heap[position] = index
        slab.entries[index.slot].heapPosition = Int32(position)
    }

    private mutating func restore(at position: Int, in slab: inout EntrySlab) {
        siftDown(from: siftUp(from: position, in: &slab), in: &slab)
    }

    private mutating func siftUp(from start: Int, in slab: inout EntrySlab) -> Int {
        let index = heap[start]
        let deadline = slab.entries[index.slot].deadline
        var position = start
        while position > 0 {
            let parent = heap[(position - 1) / 2]
            guard deadline < slab.entries[parent.slot].deadline else { break }
            place(parent, at: position, in: &slab)
            position = (position - 1) / 2
        }
        place(index, at: position, in: &slab)
        return position
    }

    private mutating func siftDown(from start: Int, in slab: inout EntrySlab) {
        let index = heap[start]
        let deadline = slab.entries[index.slot].deadline
        var position = start
        while let child = soonerChild(of: position, in: slab) {
            guard slab.entries[heap[child].slot].deadline < deadline else { break }
            place(heap[child], at: position, in: &slab)
            position = child
        }
        place(index, at: position, in: &slab)
    }

    private func soonerChild(of position: Int, in slab: borrowing EntrySlab) -> Int? {
        let left = 2 * position + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        guard right < heap.count else { return left }
        let leftDeadline = slab.entries[heap[left].slot].deadline
        return slab.entries[heap[right].slot].deadline < leftDeadline ? right : left
    }
}
