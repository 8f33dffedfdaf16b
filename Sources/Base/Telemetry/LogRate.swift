// Log lines of what goes wrong a thousand times a second, so many a second at most. The next line that
// is let through says how many were not. Pure: it is told the time.

package struct LogRate: Sendable {
    private let perSecond: Int
    private var second: Int64 = .min
    private var spent = 0
    private var skipped = 0

    package init(perSecond: Int) {
        precondition(perSecond > 0, "something is logged")
        self.perSecond = perSecond
    }

    /// Nil when the line is to be left out; else the lines that were left out before it.
    package mutating func take(at time: Duration) -> Int? {
        let now = time.components.seconds
        if now != second {
            second = now
            spent = 0
        }
        guard spent < perSecond else {
            skipped += 1
            return nil
        }
        spent += 1
        defer { skipped = 0 }
        return skipped
    }
}
