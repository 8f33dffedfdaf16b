// Who goes when the memory is full, and that no byte is counted wrongly.

import Linux
import Reactor
import Testing
import Wire

@testable import Edge

struct EvictionQueuesTests {
    /// Plays requests for named objects of one size against a cache; the share of hits.
    private func hits(_ names: [UInt64], capacity: Int) -> Double {
        var queues = EvictionQueues(capacity: capacity)
        var slots: [UInt64: EvictionSlot] = [:]
        var owners: [EvictionSlot: UInt64] = [:]
        var hits = 0
        for name in names {
            if let slot = slots[name] {
                hits += 1
                queues.touch(slot)
                continue
            }
            while queues.size + 1 > capacity, let slot = queues.evict() {
                if let owner = owners.removeValue(forKey: slot) { slots[owner] = nil }
            }
            let slot = queues.insert(size: 1, fingerprint: name)
            slots[name] = slot
            owners[slot] = name
            #expect(queues.size == slots.count)
        }
        return Double(hits) / Double(names.count)
    }

    @Test func `a scan does not drive out what is used`() {
        // 50 objects in use, each again and again, and 100 new ones between two rounds.
        var names: [UInt64] = []
        var scanned: UInt64 = 1000
        for _ in 0..<50 {
            for hot in UInt64(0)..<50 { names += [hot, hot] }
            for _ in 0..<100 {
                names.append(scanned)
                scanned += 1
            }
        }
        // Half of the requests are for the hot ones; of these nearly all must hit. LRU with room for
        // 100 would have lost each of them to the scan once a round, and hit on the second use alone.
        #expect(hits(names, capacity: 100) > 0.48)
    }

    @Test func `who comes back soon after it was thrown out stays`() {
        var queues = EvictionQueues(capacity: 10)
        for name in UInt64(0)..<10 { _ = queues.insert(size: 1, fingerprint: name) }
        let thrown = queues.evict()
        #expect(thrown != nil)
        let back = queues.insert(size: 1, fingerprint: 0)
        for name in UInt64(100)..<120 {
            let victim = queues.evict()
            #expect(victim != back)
            _ = queues.insert(size: 1, fingerprint: name)
        }
    }

    @Test func `an empty cache has nobody to throw out`() {
        var queues = EvictionQueues(capacity: 10)
        let victim = queues.evict()
        #expect(victim == nil)
        let slot = queues.insert(size: 3, fingerprint: 1)
        queues.resize(slot, to: 5)
        #expect(queues.size == 5)
        queues.remove(slot)
        #expect(queues.size == 0)
        #expect(queues.count == 0)
    }

    @Test func `sizes add up through any order of moves`() {
        var random = SystemRandomNumberGenerator()
        var queues = EvictionQueues(capacity: 500)
        var sizes: [EvictionSlot: Int] = [:]
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let size = Int.random(in: 1...20, using: &random)
                let name = UInt64.random(in: 0..<200, using: &random)
                sizes[queues.insert(size: size, fingerprint: name)] = size
            case 2:
                if let slot = sizes.keys.randomElement(using: &random) { queues.touch(slot) }
            case 3:
                if let slot = sizes.keys.randomElement(using: &random) {
                    queues.remove(slot)
                    sizes[slot] = nil
                }
            default:
                if let slot = queues.evict() {
                    let size = sizes.removeValue(forKey: slot)
                    #expect(size != nil)
                }
            }
            #expect(queues.size == sizes.values.reduce(0, +))
            #expect(queues.count == sizes.count)
        }
    }
}

extension EdgeSuite {
    @ReactorActor
    struct EdgeStoreTests {
        private func object(
            _ target: String, bytes: Int, tags: [String] = [], variant: [String] = []
        ) -> StoredObject {
            let times = ExchangeTimes(at: TestClock.start)
            let headers: HTTPHeaders = ["Cache-Control": "max-age=60"]
            let head = HTTPResponseHead(status: 200, headers: headers)
            return StoredObject(
                key: CacheKey(authority: "a", target: target),
                variant: VaryKey(
                    names: variant.isEmpty ? [] : ["foo"],
                    request: variant.isEmpty ? [:] : ["Foo": variant[0]]),
                head: head, facts: ResponseFacts(status: 200, headers: headers, times: times),
                body: Array(repeating: 0, count: bytes), tags: tags)
        }

        @Test func `the bound on bytes holds, whatever comes`() {
            let store = EdgeStore(capacity: 100_000, objectBytesMax: 50_000)
            for number in 0..<500 {
                store.insert(
                    object("/\(number)", bytes: number * 37 % 20_000, tags: ["t\(number % 7)"]))
                #expect(store.size <= store.capacity)
            }
            #expect(store.counts.evictions > 0)
            #expect(store.count + store.counts.evictions == 500)
            #expect(store.purgeAll(.hard) > 0)
            #expect(store.size == 0)
            #expect(store.count == 0)
            #expect(store.purge(tag: "t1", .hard) == 0)
        }

        @Test func `what is too large is refused`() {
            let store = EdgeStore(capacity: 10_000, objectBytesMax: 5000)
            #expect(!store.insert(object("/a", bytes: 5001)))
            #expect(store.insert(object("/a", bytes: 5000)))
            let small = EdgeStore(capacity: 4000, objectBytesMax: 5000)
            #expect(!small.insert(object("/a", bytes: 3999)))
        }

        @Test func `an answer takes the place of its predecessor`() {
            let store = EdgeStore(capacity: 100_000, objectBytesMax: 50_000)
            store.insert(object("/a", bytes: 10, tags: ["old"]))
            store.insert(object("/a", bytes: 20, tags: ["new"]))
            #expect(store.count == 1)
            #expect(store.purge(tag: "old", .hard) == 0)
            #expect(store.purge(tag: "new", .hard) == 1)
            #expect(store.size == 0)
        }

        @Test func `one page cannot fill the store with variants`() {
            let store = EdgeStore(capacity: 10_000_000, objectBytesMax: 50_000)
            for number in 0..<100 { store.insert(object("/a", bytes: 10, variant: ["\(number)"])) }
            #expect(store.count == EdgeStore.variantsMax)
            let newest = store.object(for: CacheKey(authority: "a", target: "/a"), ["Foo": "99"])
            #expect(newest != nil)
            let oldest = store.object(for: CacheKey(authority: "a", target: "/a"), ["Foo": "0"])
            #expect(oldest == nil)
        }

        @Test func `tags are bounded in number and length`() {
            let many = CacheTags.parse(
                surrogateKey: [(0..<1000).map { "t\($0)" }.joined(separator: " ")],
                cacheTag: [String(repeating: "x", count: 1000)])
            #expect(many.count == CacheTags.countMax)
            #expect(
                CacheTags.parse(surrogateKey: ["a b  a"], cacheTag: ["c, a"]) == ["a", "b", "c"])
        }

        @Test func `markers are forgotten in time and bounded`() {
            var markers = PassMarkers(lifetime: .seconds(10))
            let now = MonotonicTime(nanoseconds: 0)
            let key = CacheKey(authority: "a", target: "/a")
            markers.insert(key, at: now)
            let before = markers.contains(key, at: now + .seconds(9))
            let after = markers.contains(key, at: now + .seconds(10))
            #expect(before && !after)
            for number in 0..<20_000 {
                markers.insert(CacheKey(authority: "a", target: "/\(number)"), at: now)
            }
            #expect(markers.count <= 16_384)
        }
    }
}
