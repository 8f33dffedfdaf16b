// Time in a simulation: whole microseconds since its start, in one word.
//
// `Duration` is twice as wide and slower to compare; a run looks at the time for every message, and how
// many simulated seconds fit into a real one is a figure that the simulator is judged by.

/// A point in simulated time, or the distance between two.
package struct SimulatedTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let microseconds: Int

    package init(microseconds: Int) { self.microseconds = microseconds }

    package static let zero = SimulatedTime(microseconds: 0)

    package static func milliseconds(_ count: Int) -> SimulatedTime {
        SimulatedTime(microseconds: count * 1000)
    }

    package static func seconds(_ count: Int) -> SimulatedTime { .milliseconds(count * 1000) }

    package var seconds: Double { Double(microseconds) / 1_000_000 }

    /// In milliseconds with one decimal, as schedules are printed.
    package var description: String {
        "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    }

    package static func < (left: SimulatedTime, right: SimulatedTime) -> Bool {
        left.microseconds < right.microseconds
    }

    package static func + (left: SimulatedTime, right: SimulatedTime) -> SimulatedTime {
        SimulatedTime(microseconds: left.microseconds + right.microseconds)
    }

    package static func - (left: SimulatedTime, right: SimulatedTime) -> SimulatedTime {
        SimulatedTime(microseconds: left.microseconds - right.microseconds)
    }
}
