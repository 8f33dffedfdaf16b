// When and how often an entry was used: what the policies LRU and LFU choose by, and what OBJECT IDLETIME and
// OBJECT FREQ print.
//
// The frequency is Redis' (lfu_log_incr and LFUDecrAndReturn in evict.c): a logarithmic counter of eight bits
// that grows ever more seldom, `1 / ((counter - 5) * factor + 1)`, so that a million uses fit, and that loses
// one for every minute that passes, so that what was once hot can be evicted. A new key starts at 5, or else
// it would be the next to go.

struct EntryUsage {
    /// Hundredths of a second on the cache's clock, wrapping after 497 days.
    private(set) var usedAt: UInt32 = 0
    /// Minutes on the same clock, wrapping after 45 days: when the counter was last read.
    private var decayedAt: UInt16 = 0
    private(set) var counter = EntryUsage.counterStart

    static let counterStart: UInt8 = 5

    mutating func note(at now: CacheTime) {
        usedAt = UInt32(truncatingIfNeeded: now.milliseconds / 10)
    }

    /// Whole seconds since the last use.
    func idleSeconds(at now: CacheTime) -> Int {
        Int(UInt32(truncatingIfNeeded: now.milliseconds / 10) &- usedAt) / 100
    }

    /// Hundredths of a second since the last use.
    func idle(at now: CacheTime) -> UInt32 {
        UInt32(truncatingIfNeeded: now.milliseconds / 10) &- usedAt
    }

    /// The counter less what time has taken from it.
    func frequency(at now: CacheTime, _ tuning: FrequencyTuning) -> UInt8 {
        guard tuning.decayMinutes > 0 else { return counter }
        let elapsed = Int(EntryUsage.minutes(now) &- decayedAt)
        let lost = elapsed / tuning.decayMinutes
        return lost >= Int(counter) ? 0 : counter - UInt8(lost)
    }

    /// `chance` is uniform in 0..<1.
    mutating func count(at now: CacheTime, _ tuning: FrequencyTuning, chance: Double) {
        counter = frequency(at: now, tuning)
        decayedAt = EntryUsage.minutes(now)
        guard counter < .max else { return }
        let above = Double(max(0, Int(counter) - Int(EntryUsage.counterStart)))
        if chance < 1 / (above * Double(tuning.logFactor) + 1) { counter += 1 }
    }

    /// A new key's counter starts to decay from now.
    mutating func begin(at now: CacheTime) {
        note(at: now)
        decayedAt = EntryUsage.minutes(now)
        counter = EntryUsage.counterStart
    }

    private static func minutes(_ now: CacheTime) -> UInt16 {
        UInt16(truncatingIfNeeded: now.milliseconds / 60_000)
    }
}

/// `lfu-log-factor` and `lfu-decay-time` of redis.conf, with its defaults.
struct FrequencyTuning: Equatable, Sendable {
    var logFactor = 10
    /// Minutes for one count; 0 never decays.
    var decayMinutes = 1
}
