// Who is healthy, by the checks that came in: a pure state machine.
//
// An endpoint goes out after `fall` bad checks in a row and comes back after `rise` good ones. The
// first good check of one that was never judged brings it in at once: at the start all are unknown.
//
// When all are out, more likely the checks are wrong than the whole world is down, and an answer that
// may work is better than none. Then those are answered that were the last to be good. They did not
// all fail in the same instant, since checks are spread over an interval, so whoever was good within
// one such span of the very last is among them.

package import Linux

package struct HealthBook: Sendable {
    package struct Entry: Sendable {
        package fileprivate(set) var isUp = true
        /// False until the checks have said something either way.
        package fileprivate(set) var isJudged = false
        fileprivate var passed = 0
        fileprivate var failed = 0
        fileprivate var lastGood: MonotonicTime?
    }

    package private(set) var entries: [Entry]
    private let rise: Int
    private let fall: Int
    /// How long after each other endpoints may fail and still count as failing together.
    private let span: Duration

    package init(count: Int, rise: Int, fall: Int, span: Duration) {
        precondition(rise > 0 && fall > 0, "a check has a say")
        entries = Array(repeating: Entry(), count: count)
        self.rise = rise
        self.fall = fall
        self.span = span
    }

    /// Whether the checks have judged every endpoint.
    package var isComplete: Bool { entries.allSatisfy(\.isJudged) }

    /// Whether any is known to be healthy.
    package var hasHealthy: Bool { entries.contains { $0.isJudged && $0.isUp } }

    /// Counts every endpoint as healthy, where nobody checks.
    package mutating func trustAll() {
        for index in entries.indices { entries[index].isJudged = true }
    }

    /// Notes one check; true when it moved the endpoint in or out.
    package mutating func note(_ index: Int, passed: Bool, at now: MonotonicTime) -> Bool {
        let before = entries[index].isUp
        if passed {
            entries[index].failed = 0
            entries[index].passed += 1
            entries[index].lastGood = now
            if !entries[index].isJudged || entries[index].passed >= rise {
                entries[index].isUp = true
                entries[index].isJudged = true
            }
        } else {
            entries[index].passed = 0
            entries[index].failed += 1
            if entries[index].failed >= fall {
                entries[index].isUp = false
                entries[index].isJudged = true
            }
        }
        return entries[index].isUp != before
    }

    /// Which endpoints may be answered: the healthy ones, else the last good ones, else all.
    package var answerable: [Bool] {
        if entries.contains(where: \.isUp) { return entries.map(\.isUp) }
        guard let latest = entries.compactMap(\.lastGood).max() else {
            return entries.map { _ in true }
        }
        return entries.map { $0.lastGood.map { latest - $0 <= span } ?? false }
    }

    /// True while answers rest on what was known before every check failed.
    package var isGuessing: Bool { !entries.contains(where: \.isUp) }
}
