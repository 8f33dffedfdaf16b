// A token bucket for each client, in a table of bounded size. A client is known by a hash of its
// session or address. When the table is full the one that has been quiet longest is forgotten: its
// bucket is the fullest anyway, so forgetting it gives nothing away.

package import Linux

package struct ClientRates: Sendable {
    private struct Bucket: Sendable {
        var key: UInt64
        /// 0 <= tokens <= burst, as of `updated`.
        var tokens: Double
        var updated: MonotonicTime
        /// Neighbours by recency; -1 at the ends.
        var newer: Int
        var older: Int
    }

    /// Tokens a second; 0: no limit at all.
    private let rate: Double
    private let burst: Double
    private let countMax: Int
    private var places: [UInt64: Int] = [:]
    private var buckets: [Bucket] = []
    private var newest = -1
    private var oldest = -1

    package init(rate: Int, burst: Int, countMax: Int) {
        precondition(burst > 0, "a client may send one request at least")
        precondition(countMax > 0, "one client at least is remembered")
        self.rate = Double(rate)
        self.burst = Double(burst)
        self.countMax = countMax
    }

    package var isOn: Bool { rate > 0 }
    package var count: Int { buckets.count }

    /// Takes a token; nil when it had one, else the time until there will be one.
    package mutating func take(_ key: UInt64, at now: MonotonicTime) -> Duration? {
        guard isOn else { return nil }
        let place = touch(key, at: now)
        let age = max(0, (now - buckets[place].updated).seconds)
        buckets[place].tokens = min(burst, buckets[place].tokens + age * rate)
        buckets[place].updated = now
        if buckets[place].tokens >= 1 {
            buckets[place].tokens -= 1
            return nil
        }
        return .nanoseconds(Int64((1 - buckets[place].tokens) / rate * 1e9))
    }

    /// The client's bucket, now the newest.
    private mutating func touch(_ key: UInt64, at now: MonotonicTime) -> Int {
        if let place = places[key] {
            unlink(place)
            linkNewest(place)
            return place
        }
        let fresh = Bucket(key: key, tokens: burst, updated: now, newer: -1, older: -1)
        let place: Int
        if buckets.count < countMax {
            place = buckets.count
            buckets.append(fresh)
        } else {
            place = oldest
            places[buckets[place].key] = nil
            unlink(place)
            buckets[place] = fresh
        }
        places[key] = place
        linkNewest(place)
        return place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (buckets[place].newer, buckets[place].older)
        if newer >= 0 { buckets[newer].older = older } else { newest = older }
        if older >= 0 { buckets[older].newer = newer } else { oldest = newer }
    }

    private mutating func linkNewest(_ place: Int) {
        buckets[place].newer = -1
        buckets[place].older = newest
        if newest >= 0 { buckets[newest].newer = place } else { oldest = place }
        newest = place
    }
}
