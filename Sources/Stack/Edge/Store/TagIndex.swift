// From tags to the objects that carry them, so that one purge takes everything that shows a product.

/// The tags of an answer, as Surrogate-Key (spaces) and Cache-Tag (commas) write them.
package enum CacheTags {
    /// More tags, and longer ones, are dropped: an answer must not fill the index by itself.
    package static let countMax = 64
    package static let bytesMax = 256

    package static func parse(surrogateKey: [String], cacheTag: [String]) -> [String] {
        let words = surrogateKey.flatMap { $0.split { $0 == " " || $0 == "\t" } }
        let elements = FieldList.elements(of: cacheTag)
        var seen: Set<String> = []
        return (words + elements).map(String.init)
            .filter { $0.utf8.count <= bytesMax && seen.insert($0).inserted }
            .prefix(countMax).map { $0 }
    }
}

/// The index; objects are known by the slot they have in the eviction queues.
struct TagIndex {
    private var slots: [String: Set<EvictionSlot>] = [:]

    var count: Int { slots.count }

    mutating func insert(_ slot: EvictionSlot, _ tags: [String]) {
        for tag in tags { slots[tag, default: []].insert(slot) }
    }

    mutating func remove(_ slot: EvictionSlot, _ tags: [String]) {
        for tag in tags {
            slots[tag]?.remove(slot)
            if slots[tag]?.isEmpty == true { slots[tag] = nil }
        }
    }

    func slots(of tag: String) -> Set<EvictionSlot> { slots[tag] ?? [] }
}
