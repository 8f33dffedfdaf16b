// When a system counts as recovered: so many good windows in a row, for a dying system has lucky moments.

import Linux

/// What a good window is, and how many of them show that the system is back.
package struct RecoveryCriterion: Hashable, Sendable {
    package var window: Duration = .milliseconds(200)

    /// Good windows in a row; recovery is counted to the start of the first. With windows of 200 ms,
    /// five ask for one good second.
    package var windows = 5

    /// The least share of the planned operations of a window that must end well.
    package var availability = Ratio(billionths: 990_000_000)

    /// The most that a good window's p99 may be; nil: what `latencyMax` allows above the baseline's.
    package var p99: Duration?

    package init() {}

    /// The width of a window in nanoseconds.
    package var windowWidth: Int64 { window.nanoseconds }

    /// The most that a good window's p99 may be, in nanoseconds.
    ///
    /// Unless the experiment says otherwise it is three times the baseline's, or 100 ms above it where
    /// that is more: three times 1 ms is noise.
    package func latencyMax(baselineP99: Duration) -> Duration {
        p99 ?? max(baselineP99 * 3, baselineP99 + .milliseconds(100))
    }
}
