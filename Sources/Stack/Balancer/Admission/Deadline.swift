// How long a request may still take, told from tier to tier in the field `X-Request-Deadline-Ms`: the
// milliseconds left. Work for an answer that nobody waits for any more is what overload feeds on, so
// every tier takes the smaller of what it is told and what it allows, and passes on what is left.

package import Linux

package enum Deadline {
    /// The field's value; nil for what is no number, which is then as if it were absent.
    package static func parse(_ text: Span<UInt8>) -> Duration? {
        guard !text.isEmpty, text.count <= 9 else { return nil }
        var value: Int64 = 0
        for index in text.indices {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return .milliseconds(value)
    }

    /// When the request must be over.
    package static func of(
        _ asked: Duration?, allowed: Duration, from start: MonotonicTime
    ) -> MonotonicTime {
        start + min(asked ?? allowed, allowed)
    }

    /// Whole milliseconds left, rounded down so that no tier believes in more than there is.
    package static func left(_ deadline: MonotonicTime, at now: MonotonicTime) -> Int {
        Int(max(0, (deadline - now).nanoseconds) / 1_000_000)
    }
}
