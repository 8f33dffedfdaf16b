// The keyspace against a model too simple to be wrong: an array of keys in order of use. Random commands under
// a seed, with time passing and a tight memory limit, must leave both with the same keys in the same order.

import Testing

@testable import Cache

/// What the keyspace should hold; every operation is a walk along an array.
private struct NaiveModel {
    struct Row { var key: [UInt8], value: [UInt8], deadline: Int64? }

    /// Least recently used first.
    var rows: [Row] = []
    let limit: Int
    var evicted = 0
    var expired = 0

    func cost(_ row: Row) -> Int {
        Entry.cost(keyCount: row.key.count, valueCount: row.value.count)
    }

    var used: Int { rows.reduce(0) { $0 + cost($1) } }

    mutating func take(_ key: [UInt8], at now: Int64) -> Row? {
        guard let place = rows.firstIndex(where: { $0.key == key }) else { return nil }
        let row = rows.remove(at: place)
        guard row.deadline.map({ $0 > now }) ?? true else {
            expired += 1
            return nil
        }
        return row
    }

    mutating func put(_ row: Row) {
        rows.append(row)
        while used > limit {
            rows.removeFirst()
            evicted += 1
        }
    }

    mutating func expireDue(at now: Int64, countMax: Int) {
        for _ in 0..<countMax {
            let due = rows.filter { $0.deadline.map { $0 <= now } ?? false }
            guard let first = due.min(by: { ($0.deadline ?? 0) < ($1.deadline ?? 0) }) else {
                return
            }
            rows.removeAll { $0.key == first.key }
            expired += 1
        }
    }
}

@Suite struct KeyspaceModelTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `random commands leave the keyspace as the model has it`(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        let limit = 2000 + random.number(below: 6000)
        var keyspace = Keyspace(memoryLimit: limit, hashSeed: seed)
        var model = NaiveModel(limit: limit)
        var now: Int64 = 0
        for step in 0..<4000 {
            now += Int64(random.number(below: 3))
            try act(on: &keyspace, and: &model, now: now, random: &random)
            try #require(keyspace.usedMemory <= limit, "seed \(seed), step \(step)")
            try #require(keyspace.usedMemory == model.used, "seed \(seed), step \(step)")
            try #require(
                keyspace.keysOldestFirst() == model.rows.map(\.key), "seed \(seed), step \(step)")
            try #require(keyspace.statistics.evicted == model.evicted)
            try #require(keyspace.statistics.expired == model.expired)
            try #require(keyspace.expiringCount == model.rows.count { $0.deadline != nil })
        }
        #expect(model.evicted > 0, "a run without an eviction shows nothing")
        #expect(model.expired > 0, "a run without an expiry shows nothing")
    }

    private func act(
        on keyspace: inout Keyspace, and model: inout NaiveModel, now: Int64,
        random: inout TestRandom
    ) throws {
        let key = [UInt8]("k\(random.number(below: 60))".utf8)
        let value = [UInt8](
            repeating: UInt8(random.number(below: 256)), count: random.number(below: 150))
        let time = CacheTime(milliseconds: now)
        switch random.number(below: 8) {
        case 0, 1:
            let deadline = now + 10 + Int64(random.number(below: 40))
            let wanted = random.number(below: 2) == 0 ? deadline : nil
            try setBoth(&keyspace, &model, key, value, wanted, now)
        case 2: readBoth(&keyspace, &model, key, now)
        case 3:
            #expect(keyspace.remove(key.span, at: time) == (model.take(key, at: now) != nil))
        case 4:
            var row = model.take(key, at: now) ?? NaiveModel.Row(key: key, value: [], deadline: nil)
            row.value += value
            #expect(try keyspace.append(value.span, to: key.span, at: time) == row.value.count)
            model.put(row)
        case 5:
            var row = model.take(key, at: now)
            if let index = keyspace.find(key.span, at: time, for: .write) {
                keyspace.expire(index, at: CacheTime(milliseconds: now + 15), now: time)
                row?.deadline = now + 15
            }
            if let row { model.put(row) }
        case 6:
            var row = model.take(key, at: now)
            if let index = keyspace.find(key.span, at: time, for: .write) {
                #expect(keyspace.persist(index) == (row?.deadline != nil))
                row?.deadline = nil
            }
            if let row { model.put(row) }
        default:
            let dropped = keyspace.expireDue(at: time, countMax: 100)
            let before = model.expired
            model.expireDue(at: now, countMax: 100)
            #expect(dropped == model.expired - before)
        }
    }

    private func setBoth(
        _ keyspace: inout Keyspace, _ model: inout NaiveModel, _ key: [UInt8], _ value: [UInt8],
        _ deadline: Int64?, _ now: Int64
    ) throws {
        let change = deadline.map { DeadlineChange.set(CacheTime(milliseconds: $0)) } ?? .clear
        try keyspace.set(
            key.span, to: value.span, deadline: change, at: CacheTime(milliseconds: now))
        _ = model.take(key, at: now)
        model.put(NaiveModel.Row(key: key, value: value, deadline: deadline))
    }

    private func readBoth(
        _ keyspace: inout Keyspace, _ model: inout NaiveModel, _ key: [UInt8], _ now: Int64
    ) {
        let index = keyspace.find(key.span, at: CacheTime(milliseconds: now), for: .read)
        let row = model.take(key, at: now)
        #expect(index.map { [UInt8](keyspace.string(of: $0)) } == row?.value)
        if let row { model.put(row) }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `the heap pops deadlines in order through changes and removals`(seed: UInt64) {
        var random = TestRandom(seed: seed)
        var slab = EntrySlab()
        var heap = DeadlineHeap()
        var model: [EntryIndex: Int64] = [:]
        for _ in 0..<200 {
            let index = slab.insert(Entry(key: [UInt8]().span, string: [UInt8]().span), hash: 0)
            model[index] = Int64(random.number(below: 1000))
            heap.set(index, to: CacheTime(milliseconds: model[index] ?? 0), in: &slab)
        }
        for index in model.keys.sorted(by: { $0.position < $1.position }) {
            switch random.number(below: 3) {
            case 0:
                heap.remove(index, in: &slab)
                model[index] = nil
            case 1:
                model[index] = Int64(random.number(below: 1000))
                heap.set(index, to: CacheTime(milliseconds: model[index] ?? 0), in: &slab)
            default: break
            }
        }
        var popped: [Int64] = []
        while let index = heap.soonest {
            popped.append(slab.entries[index.slot].deadline.milliseconds)
            heap.remove(index, in: &slab)
        }
        #expect(popped == model.values.sorted())
    }
}
