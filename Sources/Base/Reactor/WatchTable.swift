// Who is told of which descriptor's readiness. A token packs the descriptor with a generation, so
// that an event which was queued for a descriptor that has since been closed and reused is dropped.

import Linux

/// A descriptor number and the generation of its registration, as epoll's user data.
struct WatchToken: Equatable {
    let rawValue: UInt64

    init(descriptor: Int32, generation: UInt32) {
        rawValue = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    init(rawValue: UInt64) { self.rawValue = rawValue }

    var descriptor: Int32 { Int32(truncatingIfNeeded: rawValue) }
    var generation: UInt32 { UInt32(rawValue >> 32) }
}

/// The live registrations, indexed by descriptor.
struct WatchTable {
    private struct Entry {
        var generation: UInt32
        var deliver: (@ReactorActor (Readiness) -> Void)?
    }

    private var entries: [Entry] = []

    mutating func insert(
        _ descriptor: Int32, _ deliver: @escaping @ReactorActor (Readiness) -> Void
    ) -> WatchToken {
        precondition(descriptor >= 0, "a descriptor is not negative")
        let index = Int(descriptor)
        while entries.count <= index { entries.append(Entry(generation: 0, deliver: nil)) }
        precondition(entries[index].deliver == nil, "a descriptor is watched once")
        entries[index].generation &+= 1
        entries[index].deliver = deliver
        return WatchToken(descriptor: descriptor, generation: entries[index].generation)
    }

    /// False when the registration is gone already.
    @discardableResult
    mutating func remove(_ token: WatchToken) -> Bool {
        let index = Int(token.descriptor)
        guard entries[index].generation == token.generation, entries[index].deliver != nil else {
            return false
        }
        entries[index].deliver = nil
        return true
    }

    /// Whom to call; nil for an event of a registration that is gone.
    func action(for token: WatchToken) -> (@ReactorActor (Readiness) -> Void)? {
        let entry = entries[Int(token.descriptor)]
        return entry.generation == token.generation ? entry.deliver : nil
    }
}
