// The stored responses: by URI and variant, within a bound of bytes that counts everything kept.

import Reactor
import Wire

/// What the store did so far.
struct StoreCounts {
    var insertions = 0
    var evictions = 0
    var purges = 0
}

@ReactorActor
final class EdgeStore {
    /// Variants of one URI; past it the oldest goes, so that a Vary over free text cannot fill the
    /// store with one page.
    static let variantsMax = 32

    let capacity: Int
    /// Bytes of content that one object may have.
    let objectBytesMax: Int
    private var objects: [CacheKey: [StoredObject]] = [:]
    private var bySlot: [EvictionSlot: StoredObject] = [:]
    private var queues: EvictionQueues
    private var tags = TagIndex()
    private(set) var counts = StoreCounts()

    init(capacity: Int, objectBytesMax: Int) {
        self.capacity = capacity
        self.objectBytesMax = min(objectBytesMax, capacity)
        queues = EvictionQueues(capacity: capacity)
    }

    /// Bytes in use: 0 <= size <= capacity.
    var size: Int { queues.size }
    var count: Int { queues.count }

    // MARK: Looking

    /// The newest stored response that fits the request (RFC 9111 section 4.1); counts as a use.
    func object(for key: CacheKey, _ request: HTTPHeaders) -> StoredObject? {
        guard let variants = objects[key] else { return nil }
        for object in variants where object.variant.matches(request) {
            if let slot = object.slot { queues.touch(slot) }
            return object
        }
        return nil
    }

    /// What the answers of a URI vary by, as far as is known; nil when nothing is stored of it.
    func variantNames(of key: CacheKey) -> [String]? { objects[key]?.first?.variant.names }

    /// All that is stored of a URI, the newest first.
    func variants(of key: CacheKey) -> [StoredObject] { objects[key] ?? [] }

    // MARK: Changing

    /// Takes an object in, in the place of one that the same request would have got.
    ///
    /// False when it does not fit at all.
    @discardableResult
    func insert(_ object: StoredObject) -> Bool {
        let cost = object.cost
        guard object.body.count <= objectBytesMax, cost <= capacity else { return false }
        if let old = objects[object.key]?.first(where: { $0.variant == object.variant }) {
            remove(old)
        }
        if let variants = objects[object.key], variants.count >= Self.variantsMax,
            let oldest = variants.last
        {
            remove(oldest)
            counts.evictions += 1
        }
        makeRoom(for: cost)
        var hasher = Hasher()
        hasher.combine(object.key)
        hasher.combine(object.variant)
        let slot = queues.insert(
            size: cost, fingerprint: UInt64(bitPattern: Int64(hasher.finalize())))
        object.slot = slot
        bySlot[slot] = object
        objects[object.key, default: []].insert(object, at: 0)
        tags.insert(slot, object.tags)
        counts.insertions += 1
        return true
    }

    /// Call after an object was renewed: its fields may have grown.
    func noteRenewal(of object: StoredObject) {
        guard let slot = object.slot else { return }
        queues.resize(slot, to: object.cost)
        makeRoom(for: 0)
    }

    func remove(_ object: StoredObject) {
        guard let slot = object.slot else { return }
        queues.remove(slot)
        forget(object, slot)
    }

    private func makeRoom(for cost: Int) {
        while queues.size + cost > capacity, let slot = queues.evict() {
            counts.evictions += 1
            if let object = bySlot[slot] { forget(object, slot) }
        }
    }

    private func forget(_ object: StoredObject, _ slot: EvictionSlot) {
        object.slot = nil
        bySlot[slot] = nil
        tags.remove(slot, object.tags)
        objects[object.key]?.removeAll { $0 === object }
        if objects[object.key]?.isEmpty == true { objects[object.key] = nil }
    }

    // MARK: Purging

    /// How a purge ends objects: gone, or stale so that they can still bridge an outage.
    enum PurgeKind {
        case hard
        case soft
    }

    /// Purges all variants of a URI; the number of objects.
    @discardableResult
    func purge(_ key: CacheKey, _ kind: PurgeKind) -> Int { purge(objects[key] ?? [], kind) }

    /// Purges whatever carries the tag; the number of objects.
    func purge(tag: String, _ kind: PurgeKind) -> Int {
        purge(tags.slots(of: tag).compactMap { bySlot[$0] }, kind)
    }

    func purgeAll(_ kind: PurgeKind) -> Int { purge(Array(bySlot.values), kind) }

    private func purge(_ objects: [StoredObject], _ kind: PurgeKind) -> Int {
        for object in objects {
            switch kind {
            case .hard: remove(object)
            case .soft: object.isExpired = true
            }
        }
        counts.purges += objects.count
        return objects.count
    }
}
