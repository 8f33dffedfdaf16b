// The keyspace by example: order of use, expiry by injected time, the memory limit.

import Testing

@testable import Cache

@Suite struct KeyspaceTests {
    private let start = CacheTime(milliseconds: 0)

    private func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

    private func filled(_ keys: String..., memoryLimit: Int = 0) throws -> Keyspace {
        var keyspace = Keyspace(memoryLimit: memoryLimit)
        for key in keys {
            try keyspace.set(bytes(key).span, to: bytes("v").span, at: start)
        }
        return keyspace
    }

    private func order(_ keyspace: Keyspace) -> String {
        keyspace.keysOldestFirst().map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: " ")
    }

    @Test func `a read or a write makes a key the newest and a peek does not`() throws {
        var keyspace = try filled("a", "b", "c", "d")
        #expect(order(keyspace) == "a b c d")
        _ = keyspace.find(bytes("a").span, at: start, for: .read)
        #expect(order(keyspace) == "b c d a")
        _ = keyspace.find(bytes("b").span, at: start, for: .peek)
        #expect(order(keyspace) == "b c d a")
        try keyspace.set(bytes("c").span, to: bytes("w").span, at: start)
        #expect(order(keyspace) == "b d a c")
        _ = try keyspace.append(bytes("x").span, to: bytes("b").span, at: start)
        #expect(order(keyspace) == "d a c b")
        _ = keyspace.remove(bytes("a").span, at: start)
        #expect(order(keyspace) == "d c b")
    }

    @Test func `the least recently used key is evicted first`() throws {
        let cost = Entry.cost(keyCount: 1, valueCount: 1)
        var keyspace = try filled("a", "b", "c", memoryLimit: 3 * cost)
        #expect(keyspace.usedMemory == 3 * cost)
        _ = keyspace.find(bytes("a").span, at: start, for: .read)
        try keyspace.set(bytes("d").span, to: bytes("v").span, at: start)
        #expect(order(keyspace) == "c a d")
        #expect(keyspace.statistics.evicted == 1)
        #expect(keyspace.usedMemory == 3 * cost)
    }

    @Test func `a growing value evicts others and never itself`() throws {
        let cost = Entry.cost(keyCount: 1, valueCount: 1)
        var keyspace = try filled("a", "b", "c", memoryLimit: 3 * cost)
        let large = [UInt8](repeating: 7, count: 100)
        try keyspace.set(bytes("a").span, to: large.span, at: start)
        #expect(order(keyspace) == "c a" || order(keyspace) == "a")
        #expect(keyspace.usedMemory <= 3 * cost)
        let found = keyspace.find(bytes("a").span, at: start, for: .read)
        #expect(found.map { [UInt8](keyspace.string(of: $0)) } == large)
    }

    @Test func `a refused write changes neither value nor order`() throws {
        let cost = Entry.cost(keyCount: 1, valueCount: 1)
        var keyspace = try filled("a", "b", memoryLimit: 2 * cost)
        let large = [UInt8](repeating: 7, count: 1000)
        #expect(throws: WriteRefusal.outOfMemory) {
            try keyspace.set(bytes("a").span, to: large.span, at: start)
        }
        #expect(throws: WriteRefusal.outOfMemory) {
            try keyspace.set(bytes("c").span, to: large.span, at: start)
        }
        #expect(order(keyspace) == "a b")
        #expect(keyspace.statistics.evicted == 0)
    }

    @Test func `a lower limit evicts at once`() throws {
        let cost = Entry.cost(keyCount: 1, valueCount: 1)
        var keyspace = try filled("a", "b", "c", "d")
        keyspace.setMemoryLimit(2 * cost, at: CacheTime(milliseconds: 0))
        #expect(order(keyspace) == "c d")
        keyspace.setMemoryLimit(1, at: CacheTime(milliseconds: 0))
        #expect(keyspace.count == 0)
        #expect(keyspace.usedMemory == 0)
    }

    @Test func `active expiry takes the due keys soonest first and stops at its bound`() throws {
        var keyspace = Keyspace(memoryLimit: 0)
        for (key, deadline) in [("c", 30), ("a", 10), ("d", 40), ("b", 20)] {
            try keyspace.set(
                bytes(key).span, to: bytes("v").span,
                deadline: .set(CacheTime(milliseconds: Int64(deadline))), at: start)
        }
        let late = CacheTime(milliseconds: 30)
        #expect(keyspace.expireDue(at: CacheTime(milliseconds: 9), countMax: 10) == 0)
        #expect(keyspace.expireDue(at: late, countMax: 2) == 2)
        #expect(order(keyspace) == "c d")
        #expect(keyspace.expireDue(at: late, countMax: 2) == 1)
        #expect(keyspace.expireDue(at: late, countMax: 2) == 0)
        #expect(order(keyspace) == "d")
        #expect(keyspace.statistics.expired == 3)
        #expect(keyspace.expiringCount == 1)
    }

    @Test func `a flush gives everything back and says how much there was`() throws {
        var keyspace = try filled("a", "b")
        #expect(keyspace.flush() == 2)
        #expect(keyspace.count == 0)
        #expect(keyspace.usedMemory == 0)
        #expect(keyspace.usedMemoryPeak > 0)
        #expect(keyspace.find(bytes("a").span, at: start, for: .read) == nil)
    }

    @Test func `a hundred thousand keys are all found again`() throws {
        var keyspace = Keyspace(memoryLimit: 0, hashSeed: 99)
        for number in 0..<100_000 {
            let key = bytes("key:\(number)")
            try keyspace.set(key.span, to: key.span, at: start)
        }
        #expect(keyspace.count == 100_000)
        var missing = 0
        for number in 0..<100_000 {
            let key = bytes("key:\(number)")
            let index = keyspace.find(key.span, at: start, for: .read)
            if index.map({ keyspace.string(of: $0) != key[...] }) ?? true { missing += 1 }
        }
        #expect(missing == 0)
        #expect(keyspace.find(bytes("key:100000").span, at: start, for: .read) == nil)
    }
}
