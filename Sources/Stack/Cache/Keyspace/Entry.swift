// One key with its value, as it lies in the slab. Key and string share one allocation, and the three
// structures that an entry takes part in (hash chain, recency list, deadline heap) are threaded through the
// slab by index, so that a string costs one heap block and no object of its own.

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
    /// Where the deadline heap holds this entry; -1 when the entry never expires.
    var heapPosition: Int32 = -1
    /// Meaningful only while `heapPosition >= 0`.
    var deadline = CacheTime(milliseconds: 0)
    var usage = EntryUsage()

    init(key: Span<UInt8>, string: Span<UInt8>) {
        bytes = Entry.joined(key, string)
        keyCount = Int32(key.count)
    }

    init(key: Span<UInt8>, value: Value) {
        bytes = [UInt8](copying: key)
        keyCount = Int32(key.count)
        self.value = value
    }

    /// What a removed entry leaves in its slot: no memory.
    init() {
        bytes = []
        keyCount = -1
    }

    /// Of key and string; reads the block that holds them.
    var byteCount: Int { bytes.count }
    var isFree: Bool { keyCount < 0 }
    var expires: Bool { heapPosition >= 0 }
    var stringCount: Int { bytes.count - Int(keyCount) }
    var string: ArraySlice<UInt8> { bytes[Int(keyCount)...] }
    var key: ArraySlice<UInt8> { bytes[..<Int(keyCount)] }

    /// Appends the string as one reply.
    func reply(into reply: inout ReplyBuffer) {
        reply.bulk(bytes.span.extracting(droppingFirst: Int(keyCount)))
    }

    /// The string as a counter; nil when it is none.
    var number: Int64? { Decimal.parse(bytes.span.extracting(droppingFirst: Int(keyCount))) }

    func hasKey(_ key: Span<UInt8>) -> Bool {
        Int(keyCount) == key.count && bytes.span.extracting(first: key.count).isEqual(to: key)
    }

    /// Overwrites in place when the sizes agree, which is the common case of a cache that refreshes.
    mutating func replace(byString string: Span<UInt8>) {
        if !value.isString { value = .string }
        guard string.count == stringCount else {
            bytes = Entry.joined(bytes.span.extracting(first: Int(keyCount)), string)
            return
        }
        let start = Int(keyCount)
        var own = bytes.mutableSpan
        own.overwrite(from: start, with: string)
    }

    mutating func replace(by value: Value) {
        bytes.removeSubrange(Int(keyCount)...)
        self.value = value
    }

    mutating func appendToString(_ suffix: Span<UInt8>) {
        bytes.append(contentsOf: [UInt8](copying: suffix))
    }

    private static func joined(_ key: Span<UInt8>, _ string: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(key.count + string.count)
        unsafe key.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        unsafe string.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        return bytes
    }
}

// MARK: - Accounting

extension Entry {
    /// Bytes that an entry of these sizes is charged with, whatever its history.
    ///
    /// The slot, its bucket and its place in the deadline heap, plus one heap block. A function of the sizes
    /// alone, so that the same commands evict the same keys on every machine.
    static func cost(keyCount: Int, valueCount: Int) -> Int {
        MemoryLayout<Entry>.stride + MemoryLayout<EntryLinks>.stride
            + 2 * MemoryLayout<EntryIndex>.stride + Block.size(ofBytes: keyCount + valueCount)
    }

    var cost: Int { Entry.cost(keyCount: Int(keyCount), valueCount: stringCount) + value.size }
}

extension [UInt8] {
    /// A copy of borrowed bytes.
    init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
