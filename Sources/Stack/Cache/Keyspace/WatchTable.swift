// Keys that transactions watch (WATCH): each has a number that every change of the key raises, and a
// transaction that finds another number than it saw when it began to watch does not run. Nothing is kept for
// keys that nobody watches.

struct WatchTable {
    private struct Watch {
        var watchers: Int
        var changes: UInt64
    }

    private var watches: [[UInt8]: Watch] = [:]

    var isEmpty: Bool { watches.isEmpty }

    /// The number that the key has now.
    mutating func watch(_ key: [UInt8]) -> UInt64 {
        watches[key, default: Watch(watchers: 0, changes: 0)].watchers += 1
        return watches[key]?.changes ?? 0
    }

    mutating func unwatch(_ key: [UInt8]) {
        watches[key]?.watchers -= 1
        if watches[key]?.watchers == 0 { watches[key] = nil }
    }

    func changes(of key: [UInt8]) -> UInt64 { watches[key]?.changes ?? 0 }

    mutating func note(_ key: ArraySlice<UInt8>) { watches[[UInt8](key)]?.changes += 1 }

    /// A flush changes every key that was there; the others are few enough to be counted in.
    mutating func noteAll() {
        for key in watches.keys { watches[key]?.changes += 1 }
    }
}
