// The cache tier as the app sees it: places on a ring, each with its share of the keys, and perhaps a gutter,
// a small place that stands in for one that fails (Nishtala et al., NSDI 2013, section 3.3). Without it the
// keys of a failed place are read from the store by every request until the place is back.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

/// The places of the cache; a key's tag decides which one has it.
@ReactorActor
final class CacheTier {
    private let ring: HashRing
    private let groups: [CacheGroup]
    private let gutterRing: HashRing?
    private let gutter: [CacheGroup]

    /// Entries of a gutter live no longer, since nobody can tell it of every change.
    static let gutterLifetimeMax: Duration = .seconds(5)

    init(
        _ members: [NamedAddress], caching: CachingSettings, timeout: Duration,
        passesContext: Bool = false
    ) {
        precondition(!members.isEmpty, "a cache has members")
        let size = max(1, caching.replicas)
        let places = stride(from: 0, to: members.count, by: size).map {
            Array(members[$0..<min($0 + size, members.count)])
        }
        ring = HashRing(places.map { $0[0].name })
        groups = places.map { CacheGroup($0, timeout: timeout, passesContext: passesContext) }
        gutterRing = caching.gutter.isEmpty ? nil : HashRing(caching.gutter.map(\.name))
        gutter = caching.gutter.map {
            CacheGroup([$0], timeout: timeout, passesContext: passesContext)
        }
    }

    /// Where a key is looked for: its place, and then the gutter.
    func places(of key: String) -> [CachePlace] {
        let own = CachePlace(group: groups[ring.member(of: key)], lifetimeMax: nil)
        guard let gutterRing else { return [own] }
        let standIn = gutter[gutterRing.member(of: key)]
        return [own, CachePlace(group: standIn, lifetimeMax: Self.gutterLifetimeMax)]
    }

    /// The value of a key that nobody can make again, such as a session: looked for in the gutter too,
    /// where it went while its place was away.
    ///
    /// When the place gives no answer and the gutter has nothing, the value is either lost or out of reach.
    /// That throws, unless the caller would rather do without it than wait.
    func get(
        _ key: String, trustingGutter: Bool = false
    ) async throws(ClientError) -> [UInt8]? {
        var failure: ClientError?
        var isAnswered = false
        for place in places(of: key) {
            do throws(ClientError) {
                if case .bulk(let bytes) = try await place.group.call(["GET", key]) {
                    return bytes
                }
                isAnswered = true
            } catch {
                failure = error
            }
        }
        if let failure, !(isAnswered && trustingGutter) { throw failure }
        return nil
    }

    /// Sets such a value at its place, or in the gutter while that is away.
    func set(_ key: String, _ value: String, lifetime: Duration) async throws(ClientError) {
        var failure = ClientError.malformed
        for place in places(of: key) {
            do throws(ClientError) {
                let reply = try await place.group.call(
                    ["SET", key, value, "PX", CacheGroup.milliseconds(lifetime)])
                guard case .simple("OK") = reply else { throw .malformed }
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }
}

/// A place in the order in which a key is looked for.
@ReactorActor
struct CachePlace {
    let group: CacheGroup
    /// Set for a gutter.
    let lifetimeMax: Duration?

    func bounded(_ lifetime: Duration) -> Duration {
        lifetimeMax.map { min($0, lifetime) } ?? lifetime
    }
}
