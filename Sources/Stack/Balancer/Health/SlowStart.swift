// A backend that comes back has nothing in hand, so it looks like the best choice just when its caches
// and connections are cold. Its weight therefore grows in a straight line from a tenth (Envoy's least)
// to the whole.

package import Linux

package struct SlowStart: Sendable {
    package static let weightMin = 0.1

    /// Zero: none.
    private let length: Duration
    private var started: MonotonicTime?

    package init(length: Duration) { self.length = length }

    /// The backend is back as of now.
    package mutating func begin(at now: MonotonicTime) { started = now }

    /// From `weightMin` to 1.
    package func weight(at now: MonotonicTime) -> Double {
        guard let started, length > .zero else { return 1 }
        let share = (now - started).seconds / length.seconds
        return min(1, max(Self.weightMin, share))
    }
}
