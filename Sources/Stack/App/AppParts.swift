// What an app is made of, by its mode: where data, sessions and orders are. The resources of the app
// know these by their protocols alone, so all modes serve the same shop.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor

@ReactorActor
struct AppParts {
    /// Fresh as of the write before, and takes writes.
    let store: any DataStore
    /// For what is read and may then be cached; as fresh.
    let reads: any DataStore
    let sessions: any Sessions
    let orders: any OrderDesk
    /// Nil without a cache.
    let documents: ReadThrough?
    let staleCopies: StaleCopies?
    /// What is measured of the dependencies; empty where there are none.
    let guarded: [GuardedStore]
    let queue: PartitionedQueue?

    /// An app over other tiers.
    init(_ name: String, _ settings: AppSettings, seed: UInt64, timeouts: DependencyTimeouts) {
        let random = SeededRandom(seed: seed).fork(name)
        // The start time makes this process's request ids differ from its predecessor's.
        let processID = "\(name)-\(MonotonicTime.now().nanoseconds)"
        let leaders = ShardedStore(
            settings.shards, settings.layout, lanes: RequestLanes(prefix: processID),
            timeouts: timeouts,
            random: random, passesContext: settings.storeTakesContext)
        let bulkhead = Bulkhead("store")
        let table = ShardTable(settings.layout, shards: settings.shards)
        let store = GuardedStore(leaders, table, bulkhead: bulkhead)
        self.store = store
        if settings.reads == .leader {
            reads = store
            guarded = [store]
        } else {
            let followers = FollowerReads(table, leaders: leaders, timeouts: timeouts)
            let reads = GuardedStore(followers, table, bulkhead: bulkhead)
            self.reads = reads
            guarded = [store, reads]
        }
        let cache =
            settings.cache.isEmpty
            ? nil
            : CacheTier(
                settings.cache, caching: settings.caching, timeout: timeouts.cache,
                passesContext: settings.cacheTakesContext)
        documents = cache.map { cache in
            ReadThrough(
                cache, caching: settings.caching, lifetime: settings.cacheLifetime,
                writerID: processID,
                random: random.fork("lifetimes"))
        }
        staleCopies = cache.map { StaleCopies($0) }
        sessions = Self.sessions(settings, cache, store)
        let queue =
            settings.queue.isEmpty
            ? nil
            : PartitionedQueue(
                settings, processID: processID, timeouts: timeouts, random: random.fork("queue"))
        self.queue = queue
        if let queue {
            orders = QueuedOrders(queue: queue, cache: cache)
        } else {
            orders = DirectOrders(name: name, store: store, work: settings.work)
        }
    }

    /// An app that is its own store and its own worker.
    init(
        monolith name: String, dataFolder: String, _ settings: AppSettings
    ) throws(AppError) {
        let store: OwnStore
        do {
            store = try OwnStore(name: name, folder: dataFolder)
        } catch {
            throw .data(error)
        }
        self.store = store
        reads = store
        sessions = StoredSessions(store: store, lifetime: settings.sessionLifetime)
        orders = BackgroundOrders(
            name: name, store: store, work: settings.work, waiting: store.waitingOrders)
        documents = nil
        staleCopies = nil
        guarded = []
        queue = nil
    }

    private static func sessions(
        _ settings: AppSettings, _ cache: CacheTier?, _ store: any DataStore
    ) -> any Sessions {
        if settings.mode == .sticky { return OwnSessions(lifetime: settings.sessionLifetime) }
        if let cache, settings.sessions == .cache {
            return CachedSessions(cache: cache, lifetime: settings.sessionLifetime)
        }
        return StoredSessions(store: store, lifetime: settings.sessionLifetime)
    }
}
