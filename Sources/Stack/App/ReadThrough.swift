// Read-through: the cache answers if it can, else the store does and the cache learns it.
//
// The cache is an optimisation and never a dependency of a read: when it is away, reads go to the
// store. Lifetimes are spread by a tenth either way, so that keys filled together do not all expire
// together. A fill that races with an invalidation can leave an old value until its lifetime ends;
// reads that must not be old go to the store themselves.

import Determinism
import Linux
import Reactor
import Wire

/// Reads of derived documents through the cache.
@ReactorActor
final class ReadThrough {
    private let cache: CacheTier
    private let lifetime: Duration
    private var random: SeededRandom
    private(set) var hits = 0
    private(set) var misses = 0

    init(_ cache: CacheTier, lifetime: Duration, random: SeededRandom) {
        self.cache = cache
        self.lifetime = lifetime
        self.random = random
    }

    /// The cached document, or the loaded one, which is then cached.
    func document(
        _ key: String, load: () async throws(DependencyError) -> JSON
    ) async throws(DependencyError) -> (document: [UInt8], hit: Bool) {
        if let cached = try? await cache.get(key) {
            hits += 1
            return (cached, true)
        }
        misses += 1
        let text = try await load().text
        try? await cache.set(key, text, lifetime: spreadLifetime())
        return (Array(text.utf8), false)
    }

    /// Drops a document whose source has changed.
    func invalidate(_ key: String) async { try? await cache.remove(key) }

    private func spreadLifetime() -> Duration {
        let tenth = lifetime / 10
        return random.duration(in: (lifetime - tenth)...(lifetime + tenth))
    }
}
