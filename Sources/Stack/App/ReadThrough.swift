// Read-through: the cache answers if it can, else the store does and the cache learns it.
//
// The cache is an optimisation and never a dependency of a read: when it is away, reads go to the
// store. Three things that go wrong with caches are met here:
//
// - A slow fill must not bring back what a write has just made obsolete. Each document has a
//   version beside it, which a write replaces by one never used before; a document carries the
//   version that was current before its source was read, and counts only while that is still the
//   current one. So a late fill is dead on arrival, whichever app it comes from. A version outlives
//   every document that was filled before it.
// - After a flush many ask for the same document at once. One of them reads the store; the others
//   wait for its answer, unless a write came in between.
// - Lifetimes are spread by a tenth either way, so that keys filled together do not all expire
//   together.
//
// What remains: a write whose notice does not reach the cache leaves the old document until its
// lifetime ends. Reads that must not be old go to the store themselves.

import Determinism
import Linux
import Reactor
import Wire

/// Reads of derived documents through the cache.
@ReactorActor
final class ReadThrough {
    private let cache: CacheTier
    private let lifetime: Duration
    private let writerID: String
    private var random: SeededRandom
    private var versionCount = 0
    private var loading: [Fill: Promise<[UInt8]?>] = [:]

    /// `writerID` is unique to this start of this process, so that no version is used twice.
    init(_ cache: CacheTier, lifetime: Duration, writerID: String, random: SeededRandom) {
        self.cache = cache
        self.lifetime = lifetime
        self.writerID = writerID
        self.random = random
    }

    /// The cached document, or the loaded one, which is then cached. The key has a tag in braces,
    /// so that its version lies on the same member.
    func document(
        _ key: String, load: () async throws(DependencyError) -> JSON
    ) async throws(DependencyError) -> (document: [UInt8], hit: Bool) {
        guard let cached = try? await cache.pair(key, versionKey(of: key)) else {
            return (Array(try await load().text.utf8), false)
        }
        let version = cached.second.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if let entry = cached.first, let document = Self.document(in: entry, of: version) {
            return (document, true)
        }
        return (try await filled(Fill(key: key, version: version), load), false)
    }

    /// Makes every copy of a document obsolete, those on their way into the cache included.
    func invalidate(_ key: String) async {
        versionCount += 1
        // Longer than the longest lifetime and the slowest fill together.
        try? await cache.set(
            versionKey(of: key), "\(writerID)-\(versionCount)",
            lifetime: lifetime * 2 + .seconds(60))
    }

    /// A document that is being read from its source.
    private struct Fill: Hashable {
        let key: String
        let version: String
    }

    private func filled(
        _ fill: Fill, _ load: () async throws(DependencyError) -> JSON
    ) async throws(DependencyError) -> [UInt8] {
        if let other = loading[fill] {
            if let loaded = await other.value(), let document = loaded { return document }
            return Array(try await load().text.utf8)
        }
        let promise = Promise<[UInt8]?>()
        loading[fill] = promise
        defer { loading[fill] = nil }
        do {
            let text = try await load().text
            promise.fulfil(Array(text.utf8))
            try? await cache.set(
                fill.key, fill.version + "\n" + text, lifetime: spreadLifetime())
            return Array(text.utf8)
        } catch {
            promise.fulfil(nil)
            throw error
        }
    }

    /// The entry is the version, a line end and the document.
    private static func document(in entry: [UInt8], of version: String) -> [UInt8]? {
        let start = version.utf8.count + 1
        guard entry.count >= start, entry[start - 1] == UInt8(ascii: "\n"),
            entry[..<(start - 1)].elementsEqual(version.utf8)
        else { return nil }
        return Array(entry[start...])
    }

    private func versionKey(of key: String) -> String { key + ":version" }

    private func spreadLifetime() -> Duration {
        let tenth = lifetime / 10
        return random.duration(in: (lifetime - tenth)...(lifetime + tenth))
    }
}
