// The last seconds of a load in quarters of a second, for whoever watches it live: one number over a
// whole run would hide an outage in its last seconds. A request belongs to the window of its
// intended time, so a stall shows in the windows that suffered it and not in the one where it ended.

import Telemetry

/// One window as it stands now.
package struct LoadWindow: Equatable, Sendable {
    /// From 0 at the epoch.
    package let index: Int
    package var planned = 0
    package var ok = 0
    /// Over, and not ok: failed, unknown, shed or never sent.
    package var notOK = 0
    /// Nanoseconds from the intended time, of what has a latency; 0 while nothing has.
    package var p50: Int64 = 0
    package var p99: Int64 = 0
    package var max: Int64 = 0

    package init(index: Int) { self.index = index }

    /// Not over yet.
    package var open: Int { planned - ok - notOK }
}

/// The windows that are kept; older ones are forgotten as new ones come.
struct WindowRing: Sendable {
    /// Nanoseconds.
    static let width: Int64 = 250_000_000
    /// Ten seconds.
    static let countMax = 40

    private struct Entry {
        var window: LoadWindow
        var latencies: HdrHistogram
        /// Latencies came in since the percentiles were last computed.
        var isStale = false
    }

    private let empty: HdrHistogram
    /// Ascending by index; 0 <= entries.count <= countMax.
    private var entries: [Entry] = []

    /// Latencies beyond `latencyMax` nanoseconds count as that.
    init(latencyMax: Int64) {
        empty = HdrHistogram(
            lowestDiscernible: 1000, highestTrackable: latencyMax, significantDigits: 2)
    }

    mutating func plan(intended: Int64) {
        let index = Int(intended / WindowRing.width)
        if entries.last.map({ $0.window.index < index }) ?? true { open(index) }
        edit(intended) { $0.window.planned += 1 }
    }

    /// Nothing when the window is forgotten already.
    mutating func end(intended: Int64, ok: Bool, latency: Int64?) {
        edit(intended) { entry in
            if ok { entry.window.ok += 1 } else { entry.window.notOK += 1 }
            guard let latency else { return }
            entry.latencies.recordClamped(latency)
            entry.isStale = true
        }
    }

    /// Those from an index on, oldest first.
    mutating func windows(from first: Int) -> [LoadWindow] {
        for place in entries.indices where entries[place].isStale {
            let latencies = entries[place].latencies
            entries[place].window.p50 = latencies.value(atPercentile: 50)
            entries[place].window.p99 = latencies.value(atPercentile: 99)
            entries[place].window.max = latencies.max
            entries[place].isStale = false
        }
        return entries.map(\.window).filter { $0.index >= first }
    }

    private mutating func open(_ index: Int) {
        if entries.count == WindowRing.countMax { entries.removeFirst() }
        entries.append(Entry(window: LoadWindow(index: index), latencies: empty))
    }

    /// Searched from the newest, where nearly all edits go.
    private mutating func edit(_ intended: Int64, _ change: (inout Entry) -> Void) {
        let index = Int(intended / WindowRing.width)
        guard let place = entries.lastIndex(where: { $0.window.index <= index }),
            entries[place].window.index == index
        else { return }
        change(&entries[place])
    }
}
