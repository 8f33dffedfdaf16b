// Read-through: the cache answers if it can, else the store does and the cache learns it.
//
// The cache is an optimisation and never a dependency of a read: when it is away, reads go to the store. What
// goes wrong with caches is met here, and each means can be switched off (`CachingSettings`):
//
// - A slow fill must not bring back what a write has just made obsolete. Under leases a fill needs the token
//   that its miss was given, and the write's DEL makes that void. A cache without leases, such as a real
//   Redis, gets a version beside each document instead, which a write replaces by one never used before; a
//   document counts only while its version is the current one.
// - When a document that many ask for goes, one of them fills it. Those of the same app wait for that read of
//   the store (single flight); those of other apps are told by the cache to wait for its value.
// - A document is read anew before it expires, by one of those who ask for it: each draws by XFetch (Vattani,
//   Chierichetti and Lowenstein, VLDB 2015), so that a hot document hardly ever expires under its readers.
// - Lifetimes are spread, so that what was filled together does not expire together.
// - That something is not there is remembered for a moment, or else asking for it would always cost a read.
//
// What remains: a write whose notice does not reach the cache leaves the old document until the notice does
// (`CacheGroup.delete`) or its lifetime ends. Reads that must not be old go to the store themselves.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

/// Reads of derived documents through the cache.
@ReactorActor
final class ReadThrough {
    typealias Load = () async throws(DependencyError) -> JSON?

    private let cache: CacheTier
    private let caching: CachingSettings
    private let lifetime: Duration
    private let writerID: String
    private var random: SeededRandom
    private var versionCount = 0
    private var loading: [Fill: Promise<Loaded?>] = [:]
    private(set) var figures = ReadThroughFigures()

    /// How long a lease is asked for: longer than the store takes, or a slow store gets a herd.
    private static let leaseHold: Duration = .seconds(2)
    /// How long a request waits for another app's fill before it reads the store itself, setting nothing.
    private static let patience: Duration = .milliseconds(900)
    private static let pollMin: Duration = .milliseconds(2)
    private static let pollMax: Duration = .milliseconds(40)

    /// `writerID` is unique to this start of this process, so that no version is used twice.
    init(
        _ cache: CacheTier, caching: CachingSettings, lifetime: Duration, writerID: String,
        random: SeededRandom
    ) {
        self.cache = cache
        self.caching = caching
        self.lifetime = lifetime
        self.writerID = writerID
        self.random = random
    }

    /// The cached document, or the loaded one, which is then cached; nil when there is none. The key
    /// has a tag in braces, so that its version lies at the same place.
    func document(
        _ key: String, load: Load
    ) async throws(DependencyError) -> (document: [UInt8]?, hit: Bool) {
        for place in cache.places(of: key) {
            switch await lookUp(key, at: place) {
            case .away: continue
            case .found(let entry, let left):
                figures.hits += 1
                if let left, isWorthRefreshing(entry, left: left) {
                    return (await refreshed(key, entry, at: place, load), true)
                }
                return (entry.document, true)
            case .missing(let ticket):
                figures.misses += 1
                return (try await filled(Fill(key: key, ticket: ticket), at: place, load), false)
            }
        }
        figures.misses += 1
        return (try await self.load(load).document, false)
    }

    /// Makes every copy of a document obsolete, those on their way into the cache included.
    func invalidate(_ key: String) async {
        for place in cache.places(of: key) {
            if !caching.leases || place.group.hasLeases != true {
                await renewVersion(key, at: place)
            }
            await place.group.delete(key)
        }
    }

    private func renewVersion(_ key: String, at place: CachePlace) async {
        versionCount += 1
        // Longer than the longest lifetime and the slowest fill together.
        let lifetime = lifetime * 2 + .seconds(60)
        _ = try? await place.group.call([
            "SET", versionKey(of: key), "\(writerID)-\(versionCount)", "PX",
            CacheGroup.milliseconds(lifetime),
        ])
    }

    private func versionKey(of key: String) -> String { key + ":version" }

    /// What allows to fill a document.
    private enum Ticket: Hashable {
        case lease(Int64)
        case version(String)
        /// Nothing does: what is read is not set.
        case none
    }

    /// A document that is being read from its source.
    private struct Fill: Hashable {
        let key: String
        let ticket: Ticket
    }

    private struct Loaded: Sendable {
        let document: [UInt8]?
        let cost: Duration
    }

    private enum Lookup {
        case found(DocumentEntry, left: Duration?)
        case missing(Ticket)
        /// The place gives no answer.
        case away
    }
}

// MARK: - Looking up

extension ReadThrough {
    private func lookUp(_ key: String, at place: CachePlace) async -> Lookup {
        guard caching.leases, place.group.hasLeases != false else {
            return await lookUpVersion(key, at: place)
        }
        let patience = MonotonicTime.now() + Self.patience
        var pause = Self.pollMin
        do throws(ClientError) {
            while true {
                guard let answer = try await place.group.lease(key, holding: Self.leaseHold) else {
                    return await lookUpVersion(key, at: place)
                }
                switch answer {
                case .hit(let bytes, let left):
                    guard let entry = DocumentEntry(bytes), entry.version == DocumentEntry.leased
                    else { return .missing(.none) }
                    return .found(entry, left: left)
                case .fill(let token): return .missing(.lease(token))
                case .free: return .missing(.none)
                case .wait(_, let token):
                    let fill = Fill(key: key, ticket: .lease(token))
                    if caching.singleFlight, loading[fill] != nil { return .missing(fill.ticket) }
                    guard .now() + pause < patience else { return .missing(.none) }
                    figures.waits += 1
                    await Reactor.sleep(for: pause)
                    pause = min(pause * 2, Self.pollMax)
                }
            }
        } catch {
            return .away
        }
    }

    private func lookUpVersion(_ key: String, at place: CachePlace) async -> Lookup {
        do throws(ClientError) {
            let reply = try await place.group.call(["MGET", key, versionKey(of: key)])
            guard let items = reply.elements, items.count == 2 else { return .away }
            let version = items[1].text ?? ""
            if let entry = items[0].bytes.flatMap(DocumentEntry.init), entry.version == version {
                return .found(entry, left: nil)
            }
            return .missing(.version(version))
        } catch {
            return .away
        }
    }

    /// XFetch: `cost * -ln(u)` is drawn anew by every reader, with its mean at the cost.
    private func isWorthRefreshing(_ entry: DocumentEntry, left: Duration) -> Bool {
        guard caching.earlyRefresh, left > .zero else { return false }
        let cost = Double(max(1, entry.cost.nanoseconds / 1_000_000))
        return random.exponential(mean: cost) >= Double(left.nanoseconds) / 1e6
    }
}

// MARK: - Filling

extension ReadThrough {
    private func filled(
        _ fill: Fill, at place: CachePlace, _ load: Load
    ) async throws(DependencyError) -> [UInt8]? {
        guard caching.singleFlight, fill.ticket != .none else {
            return try await loadAndSet(fill, at: place, load).document
        }
        if let other = loading[fill] {
            figures.shared += 1
            if let loaded = await other.value(), let loaded { return loaded.document }
            return try await self.load(load).document
        }
        let promise = Promise<Loaded?>()
        loading[fill] = promise
        defer { loading[fill] = nil }
        do throws(DependencyError) {
            return try await loadAndSet(fill, at: place, load, promise).document
        } catch {
            promise.fulfil(nil)
            throw error
        }
    }

    private func loadAndSet(
        _ fill: Fill, at place: CachePlace, _ load: Load, _ promise: Promise<Loaded?>? = nil
    ) async throws(DependencyError) -> Loaded {
        let loaded: Loaded
        do throws(DependencyError) {
            loaded = try await self.load(load)
        } catch {
            if case .lease(let token) = fill.ticket {
                await place.group.drop(fill.key, token: token)
            }
            throw error
        }
        promise?.fulfil(loaded)
        await set(loaded, fill, at: place)
        return loaded
    }

    private func load(_ load: Load) async throws(DependencyError) -> Loaded {
        figures.loads += 1
        let began = MonotonicTime.now()
        let document = try await load().map { Array($0.text.utf8) }
        return Loaded(document: document, cost: .now() - began)
    }

    /// What cannot be set is read again by the next who asks.
    private func set(_ loaded: Loaded, _ fill: Fill, at place: CachePlace) async {
        let isAbsent = loaded.document == nil
        let lifetime = place.bounded(isAbsent ? caching.absenceLifetime : spreadLifetime())
        switch fill.ticket {
        case .none: return
        case .lease(let token) where isAbsent && !caching.negativeCaching:
            await place.group.drop(fill.key, token: token)
        case .lease(let token):
            let entry = DocumentEntry(
                version: DocumentEntry.leased, document: loaded.document, cost: loaded.cost)
            try? await place.group.set(fill.key, entry.text, lifetime: lifetime, token: token)
        case .version where isAbsent && !caching.negativeCaching: return
        case .version(let version):
            let entry = DocumentEntry(
                version: version, document: loaded.document, cost: loaded.cost)
            _ = try? await place.group.call(
                ["SET", fill.key, entry.text, "PX", CacheGroup.milliseconds(lifetime)])
        }
    }

    /// Reads a document anew while the others still get the old one; what cannot be read anew stays.
    private func refreshed(
        _ key: String, _ entry: DocumentEntry, at place: CachePlace, _ load: Load
    ) async -> [UInt8]? {
        let answer = try? await place.group.lease(key, holding: Self.leaseHold, refreshing: true)
        guard case .fill(let token)? = answer else { return entry.document }
        figures.refreshes += 1
        let fill = Fill(key: key, ticket: .lease(token))
        guard let loaded = try? await loadAndSet(fill, at: place, load) else {
            return entry.document
        }
        return loaded.document
    }

    private func spreadLifetime() -> Duration {
        guard caching.lifetimeJitter else { return lifetime }
        let tenth = lifetime / 10
        return random.duration(in: (lifetime - tenth)...(lifetime + tenth))
    }
}

/// Counts since the start.
struct ReadThroughFigures: Equatable, Sendable {
    var hits = 0
    var misses = 0
    /// Reads of the source.
    var loads = 0
    /// Misses that were answered by another request's read.
    var shared = 0
    /// Pauses because another app was filling.
    var waits = 0
    /// Reads before the end of a lifetime.
    var refreshes = 0
}
