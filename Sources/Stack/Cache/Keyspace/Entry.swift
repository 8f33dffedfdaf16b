// One key with its value, as it lies in the slab. Key and string share one allocation, and the three
// structures that an entry takes part in (hash chain, recency list, deadline heap) are threaded through it
// by index, so that a string costs one heap block and no object of its own.

/// The place of an entry in the slab; stays valid until that entry is removed.
package struct EntryIndex: Hashable, Sendable {
    let position: Int32

    /// The end of every chain and list.
    static let none = EntryIndex(position: -1)

    init(position: Int32) { self.position = position }
    init(_ position: Int) { self.position = Int32(position) }

    var isNone: Bool { position < 0 }
    var slot: Int { Int(position) }
}

struct Entry {
    /// The key's bytes, then the string's.
    private(set) var bytes: [UInt8]
    private(set) var value = Value.string
    private(set) var keyCount: Int32
    let hash: UInt32
    /// Next entry of the same hash bucket; in a free slot, the next free slot.
    var chain = EntryIndex.none
    var newer = EntryIndex.none
    var older = EntryIndex.none
    /// Where the deadline heap holds this entry; -1 when the entry never expires.
    var heapPosition: Int32 = -1
    /// Meaningful only while `heapPosition >= 0`.
    var deadline = CacheTime(milliseconds: 0)
    var usage = EntryUsage()

    init(key: Span<UInt8>, string: Span<UInt8>, hash: UInt32) {
        bytes = Entry.joined(key, string)
        keyCount = Int32(key.count)
        self.hash = hash
    }

    init(key: Span<UInt8>, value: Value, hash: UInt32) {
        bytes = [UInt8](copying: key)
        keyCount = Int32(key.count)
        self.hash = hash
        self.value = value
    }

    /// What a removed entry leaves in its slot: no memory, only the link to the next free slot.
    init(freeBefore next: EntryIndex) {
        bytes = []
        keyCount = -1
        hash = 0
        chain = next
    }

    var isFree: Bool { keyCount < 0 }
    var expires: Bool { heapPosition >= 0 }
    var stringCount: Int { bytes.count - Int(keyCount) }
    var string: ArraySlice<UInt8> { bytes[Int(keyCount)...] }
    var key: ArraySlice<UInt8> { bytes[..<Int(keyCount)] }

    func hasKey(_ key: Span<UInt8>) -> Bool {
        guard Int(keyCount) == key.count else { return false }
        let own = bytes.span
        for index in key.indices where own[index] != key[index] { return false }
        return true
    }

    /// Overwrites in place when the sizes agree, which is the common case of a cache that refreshes.
    mutating func replace(byString string: Span<UInt8>) {
        value = .string
        guard string.count == stringCount else {
            bytes = Entry.joined(bytes.span.extracting(first: Int(keyCount)), string)
            return
        }
        let start = Int(keyCount)
        var own = bytes.mutableSpan
        for index in string.indices { own[start + index] = string[index] }
    }

    mutating func replace(by value: Value) {
        bytes.removeSubrange(Int(keyCount)...)
        self.value = value
    }

    mutating func appendToString(_ suffix: Span<UInt8>) {
        bytes.append(contentsOf: [UInt8](copying: suffix))
    }

    private static func joined(_ key: Span<UInt8>, _ string: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: key.count + string.count) { out in
            for index in key.indices { out.append(key[index]) }
            for index in string.indices { out.append(string[index]) }
        }
    }
}

// MARK: - Accounting

extension Entry {
    /// Bytes that an entry of these sizes is charged with, whatever its history.
    ///
    /// The slot, its bucket and its place in the deadline heap, plus one heap block. A function of the sizes
    /// alone, so that the same commands evict the same keys on every machine.
    static func cost(keyCount: Int, valueCount: Int) -> Int {
        MemoryLayout<Entry>.stride + 2 * MemoryLayout<EntryIndex>.stride
            + Block.size(ofBytes: keyCount + valueCount)
    }

    var cost: Int { Entry.cost(keyCount: Int(keyCount), valueCount: stringCount) + value.size }
}

extension [UInt8] {
    /// A copy of borrowed bytes; the closure form is what the optimiser turns into one memcpy.
    init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { out in
            for index in bytes.indices { out.append(bytes[index]) }
        }
    }
}
