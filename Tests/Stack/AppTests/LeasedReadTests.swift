// Read-through over our own cache, which has leases: herds across apps, stale fills, absent documents, early
// refresh, and a gutter.

import Blueprint
import Cache
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import App

/// A real cache in this process.
@ReactorActor
private func withCache(_ body: @ReactorActor (CacheServer) async throws -> Void) async throws {
    let server = try CacheServer(
        listen: SocketAddress(ip: .loopback, port: 0),
        settings: CacheSettings(memoryLimit: 8 << 20))
    Task { @ReactorActor in await server.run() }
    do {
        try await body(server)
    } catch {
        await server.drain(within: .milliseconds(50))
        throw error
    }
    await server.drain(within: .milliseconds(50))
}

/// A source of documents that counts who reads it, and may be made slow.
@ReactorActor
private final class Source {
    var text: String? = "old"
    private(set) var reads = 0
    var gate: Promise<Int>?

    func read() async -> JSON? {
        reads += 1
        let seen = text
        _ = await gate?.value()
        return seen.map { ["text": .string($0)] }
    }
}

@ReactorActor
private func reader(
    _ caches: [CacheServer], gutter: [CacheServer] = [], lifetime: Duration = .seconds(60),
    seed: UInt64 = 1, _ change: (inout CachingSettings) -> Void = { _ in }
) -> ReadThrough {
    var caching = CachingSettings()
    caching.gutter = gutter.enumerated().map {
        NamedAddress(name: "gutter-\($0)", address: $1.address)
    }
    change(&caching)
    let members = caches.enumerated().map {
        NamedAddress(name: "cache-\($0)", address: $1.address)
    }
    let tier = CacheTier(members, caching: caching, timeout: .seconds(5))
    return ReadThrough(
        tier, caching: caching, lifetime: lifetime, writerID: "app-\(seed)",
        random: SeededRandom(seed: seed))
}

@ReactorActor
private func text(_ result: (document: [UInt8]?, hit: Bool)) -> String? {
    result.document.flatMap { try? JSON.parse($0.span) }?["text"]?.string
}

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct LeasedReadTests {
    private let key = "{u1}:feed"

    private func ask(
        _ reader: ReadThrough, _ source: Source
    ) async throws -> (document: [UInt8]?, hit: Bool) {
        try await reader.document(key) { () async throws(DependencyError) in await source.read() }
    }

    @Test func `a herd over several apps reads the source once`() async throws {
        try await withCache { cache async throws in
            let source = Source()
            source.gate = Promise()
            let readers = (1...4).map { reader([cache], seed: UInt64($0)) }
            let asks = (0..<40).map { number in
                Task { @ReactorActor in
                    try await text(ask(readers[number % 4], source))
                }
            }
            let limit = MonotonicTime.now() + .seconds(10)
            while readers.reduce(0, { $0 + $1.figures.waits + $1.figures.shared }) < 39,
                .now() < limit
            { await Reactor.sleep(for: .milliseconds(1)) }
            source.gate?.fulfil(1)
            for ask in asks {
                let answer = try await ask.value
                #expect(answer == "old")
            }
            #expect(source.reads == 1)
            #expect(cache.engine.keyspace.leases.statistics.granted == 1)
        }
    }

    @Test func `without leases and single flight every miss reads the source`() async throws {
        try await withCache { cache async throws in
            let source = Source()
            source.gate = Promise()
            let reader = reader([cache]) {
                $0.leases = false
                $0.singleFlight = false
            }
            let asks = (0..<20).map { _ in
                Task { @ReactorActor in try await text(ask(reader, source)) }
            }
            let limit = MonotonicTime.now() + .seconds(10)
            while source.reads < 20, .now() < limit { await Reactor.sleep(for: .milliseconds(1)) }
            source.gate?.fulfil(1)
            for ask in asks {
                let answer = try await ask.value
                #expect(answer == "old")
            }
            #expect(source.reads == 20)
        }
    }

    @Test(arguments: [true, false])
    func `a slow fill does not bring back what was made obsolete`(leases: Bool) async throws {
        try await withCache { cache async throws in
            let source = Source()
            let (slow, other) = (
                reader([cache]) { $0.leases = leases },
                reader([cache], seed: 2) { $0.leases = leases }
            )
            source.gate = Promise()
            let fill = Task { @ReactorActor in try await text(ask(slow, source)) }
            while source.reads == 0 { await Reactor.sleep(for: .milliseconds(1)) }
            let gate = source.gate
            source.gate = nil
            source.text = "new"
            await other.invalidate(key)
            gate?.fulfil(1)
            let late = try await fill.value
            #expect(late == "old", "it asked before the write")
            for reader in [slow, other] { #expect(try await text(ask(reader, source)) == "new") }
            #expect(try await ask(other, source).hit)
        }
    }

    @Test func `a failed fill lets the next one fill`() async throws {
        try await withCache { cache async throws in
            let source = Source()
            let reader = reader([cache])
            await #expect(throws: DependencyError.self) {
                try await reader.document(key) { () async throws(DependencyError) in
                    throw .unavailable("no store")
                }
            }
            #expect(try await text(ask(reader, source)) == "old")
            #expect(try await ask(reader, source).hit)
            #expect(source.reads == 1)
        }
    }

    @Test(arguments: [true, false])
    func `absence is remembered where it is to be`(negative: Bool) async throws {
        try await withCache { cache async throws in
            let source = Source()
            source.text = nil
            let reader = reader([cache]) { $0.negativeCaching = negative }
            for _ in 0..<3 { #expect(try await ask(reader, source).document == nil) }
            #expect(source.reads == (negative ? 1 : 3))
            source.text = "new"
            await reader.invalidate(key)
            #expect(try await text(ask(reader, source)) == "new")
        }
    }

    @Test(arguments: [true, false])
    func `a hot document is read anew before it expires`(early: Bool) async throws {
        try await withCache { cache async throws in
            let source = Source()
            let reader = reader([cache], lifetime: .seconds(3600)) {
                $0.earlyRefresh = early
                $0.lifetimeJitter = false
            }
            // Half of the lifetime is what reading it took, as the entry says.
            let entry = DocumentEntry(
                version: DocumentEntry.leased, document: Array("{\"text\":\"old\"}".utf8),
                cost: .seconds(1800))
            let place = CacheGroup(
                [NamedAddress(name: "c", address: cache.address)], timeout: .seconds(5))
            _ = try await place.call(["SET", key, entry.text, "PX", "3600000"])
            source.text = "new"
            for _ in 0..<200 where source.reads == 0 {
                #expect(try await ask(reader, source).hit)
            }
            #expect(source.reads == (early ? 1 : 0))
            #expect(reader.figures.refreshes == (early ? 1 : 0))
            #expect(try await text(ask(reader, source)) == (early ? "new" : "old"))
        }
    }

    @Test func `a gutter stands in for a place that is away`() async throws {
        try await withCache { gutter async throws in
            let cache = try CacheServer(
                listen: SocketAddress(ip: .loopback, port: 0),
                settings: CacheSettings(memoryLimit: 1 << 20))
            Task { @ReactorActor in await cache.run() }
            let source = Source()
            let reader = reader([cache], gutter: [gutter])
            #expect(try await text(ask(reader, source)) == "old")
            await cache.drain(within: .milliseconds(10))
            for _ in 0..<5 { #expect(try await text(ask(reader, source)) == "old") }
            #expect(source.reads == 2, "once for each place")
            #expect(gutter.engine.keyspace.count == 1)
            source.text = "new"
            await reader.invalidate(key)
            #expect(try await text(ask(reader, source)) == "new")
        }
    }

    @Test func `without a gutter the source answers while the place is away`() async throws {
        let cache = try CacheServer(
            listen: SocketAddress(ip: .loopback, port: 0),
            settings: CacheSettings(memoryLimit: 1 << 20))
        Task { @ReactorActor in await cache.run() }
        let source = Source()
        let reader = reader([cache])
        #expect(try await text(ask(reader, source)) == "old")
        await cache.drain(within: .milliseconds(10))
        for _ in 0..<3 { #expect(try await text(ask(reader, source)) == "old") }
        #expect(source.reads == 4)
    }
}

struct DocumentEntryTests {
    @Test(arguments: [
        DocumentEntry(version: "-", document: Array("{}".utf8), cost: .milliseconds(12)),
        DocumentEntry(version: "app-1-2", document: nil, cost: .zero),
        DocumentEntry(version: "", document: Array("a\nb".utf8), cost: .seconds(2)),
    ])
    func `an entry comes back as it went`(entry: DocumentEntry) {
        #expect(DocumentEntry(Array(entry.text.utf8)) == entry)
    }

    @Test(arguments: ["", "x", "- d\n{}", "- x 1\n{}", "- d -1\n{}", "- d 1 2\n{}"])
    func `what is not ours is no entry`(text: String) {
        #expect(DocumentEntry(Array(text.utf8)) == nil)
    }
}
