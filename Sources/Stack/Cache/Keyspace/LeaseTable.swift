// Leases: who may fill a key that is missing (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013,
// section 3.2.1). The first to miss gets a token; the others are told to wait for its value. The token is
// needed to set the value, and whatever changes the key meanwhile makes the token void: so a fill that was
// read before a delete can never bring back what the delete was for.
//
// A token lives as long as its holder said that the fill may take. After that the next to miss gets one of its
// own, so a client that died holds nobody up for longer.

package struct LeaseTable {
    private struct Lease {
        let token: UInt64
        let until: CacheTime
    }

    private var leases: [[UInt8]: Lease] = [:]
    private var nextToken: UInt64
    package internal(set) var statistics = LeaseStatistics()

    /// Leases at a time; past it the table is swept, and then nobody gets one and everybody reads the source.
    static let countMax = 65_536

    /// Tokens start at a number of the process's own, so that none outlives a restart.
    init(firstToken: UInt64) { nextToken = firstToken | 1 }

    var isEmpty: Bool { leases.isEmpty }
    package var count: Int { leases.count }

    enum Answer: Equatable {
        /// Fill it: with this token.
        case granted(UInt64)
        /// Somebody else fills it, with this token, and has this many milliseconds left.
        case held(milliseconds: Int64, token: UInt64)
    }

    mutating func take(
        _ key: Span<UInt8>, holding milliseconds: Int64, at now: CacheTime
    ) -> Answer? {
        let name = [UInt8](copying: key)
        if let lease = leases[name], lease.until > now {
            statistics.waits += 1
            return .held(
                milliseconds: lease.until.milliseconds - now.milliseconds, token: lease.token)
        }
        if leases.count >= Self.countMax { sweep(at: now) }
        guard leases.count < Self.countMax,
            let until = now.advanced(byMilliseconds: milliseconds)
        else { return nil }
        let token = nextToken
        nextToken &+= 1
        leases[name] = Lease(token: token, until: until)
        statistics.granted += 1
        return .granted(token)
    }

    /// Ends a lease; false when the token is not the one that the key is held by.
    mutating func redeem(_ key: Span<UInt8>, token: UInt64) -> Bool {
        let name = [UInt8](copying: key)
        guard leases[name]?.token == token else { return false }
        leases[name] = nil
        return true
    }

    /// Makes the token of a key void: the key was changed by somebody else.
    mutating func void(_ key: ArraySlice<UInt8>) {
        if leases.removeValue(forKey: [UInt8](key)) != nil { statistics.voided += 1 }
    }

    mutating func voidAll() {
        statistics.voided += leases.count
        leases.removeAll()
    }

    private mutating func sweep(at now: CacheTime) {
        leases = leases.filter { $0.value.until > now }
    }
}

package struct LeaseStatistics: Equatable, Sendable {
    package var granted = 0
    /// Misses that were told to wait.
    package var waits = 0
    /// Sets with a token that was not valid (any more): stale sets that did not happen.
    package var refused = 0
    /// Tokens that a change of the key made void.
    package var voided = 0
}
