// Hit-for-miss: URIs whose last answer could not be shared. Requests for them do not wait for each
// other, since each would only find at the end of its wait that it must ask for itself (Varnish's
// word; its default of two minutes suits content that does not change its mind).

import Linux

struct PassMarkers {
    private static let countMax = 16_384

    private let lifetime: Duration
    private var expiries: [CacheKey: MonotonicTime] = [:]

    init(lifetime: Duration) { self.lifetime = lifetime }

    var count: Int { expiries.count }

    mutating func insert(_ key: CacheKey, at now: MonotonicTime) {
        if expiries.count >= Self.countMax {
            expiries = expiries.filter { $0.value > now }
            // All of them alive: forgetting costs a wait each, keeping them costs memory for good.
            if expiries.count >= Self.countMax { expiries.removeAll(keepingCapacity: true) }
        }
        expiries[key] = now + lifetime
    }

    mutating func remove(_ key: CacheKey) { expiries[key] = nil }

    mutating func contains(_ key: CacheKey, at now: MonotonicTime) -> Bool {
        guard let expiry = expiries[key] else { return false }
        if expiry > now { return true }
        expiries[key] = nil
        return false
    }
}
