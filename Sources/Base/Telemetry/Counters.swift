// Numbers that a tier shows about itself: how often things happened (counters, which only grow) and
// how things stand (gauges). The harness reads them to see that a fault had an effect.

/// Named numbers with a plain text form: `name value` lines, sorted by name.
package struct Counters: Equatable, Sendable {
    private var values: [String: Int64] = [:]

    package init() {}

    /// 0 for a name that was never touched.
    package subscript(name: String) -> Int64 { values[name] ?? 0 }

    /// Counts up; adding 0 makes the name appear in the text before anything has happened.
    package mutating func add(_ count: Int64 = 1, to name: String) {
        precondition(count >= 0, "a counter only grows; use set for a gauge")
        precondition(Self.isLegal(name), "a name has no white space")
        values[name, default: 0] &+= count
    }

    /// Sets a gauge.
    package mutating func set(_ name: String, to value: Int64) {
        precondition(Self.isLegal(name), "a name has no white space")
        values[name] = value
    }

    /// One line a name, such as `requests_total 1042`.
    package var text: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    }

    /// Reads such lines back; nil when one of them is none.
    package init?(parsing text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isLegal(String(parts[0])), let value = Int64(parts[1])
            else {
                return nil
            }
            values[String(parts[0])] = value
        }
    }

    private static func isLegal(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }
}
