// Whether an app should get requests, told with hysteresis: it says that it is unready only after it has been
// in trouble for a while, and that it is ready again only after it has been well for a while. Breakers open and
// close in a blink, and an app that went in and out of rotation with them would do more harm than either.
//
// The trouble is its own: cut off from everything behind it. One shared tier that is away does not count, or
// all apps would turn unready at once and nobody would be left for what needs no store.

import Linux

/// Pure: it is told the time.
struct Readiness {
    /// In trouble, or well, without a break for so long.
    static let fall: Duration = .milliseconds(1500)
    static let rise: Duration = .seconds(1)

    private(set) var isReady = true
    /// Since when it has looked otherwise than it says.
    private var since: MonotonicTime?

    /// Takes a look, and says what holds after it.
    mutating func observe(isWell: Bool, at now: MonotonicTime) -> Bool {
        guard isWell != isReady else {
            since = nil
            return isReady
        }
        let begun = since ?? now
        since = begun
        if now - begun >= (isReady ? Self.fall : Self.rise) {
            isReady = isWell
            since = nil
        }
        return isReady
    }
}

extension AppParts {
    /// Nothing behind the app answers it: neither any shard nor the cache. Without those it does not even
    /// know who asks, so a queue that would take orders does not count.
    var isCutOff: Bool {
        guard let store = guarded.first, store.allBreakersOpen else { return false }
        return cache?.isAway ?? true
    }
}
