// An operation of a recorded history, from its invocation to what is known of its end, and how the
// lines of a history are paired into such calls.
//
// The three ends are Jepsen's. `ok` took effect, `fail` certainly did not, and of one that is `info`,
// or has no end, nobody knows: it stays concurrent with everything after it.

package struct RecordedCall: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable {
        case ok
        case fail
        case info
    }

    /// The client, as the history names it.
    package var process: RecordedValue
    package var function: String
    /// The object that it is about, in histories of several.
    package var key: RecordedValue?
    /// What was asked, by the line that invokes it.
    package var argument: RecordedValue
    /// What was answered; what was asked, when it has no end.
    package var answer: RecordedValue
    package var outcome: Outcome
    /// Places of its two lines among all lines of the history; time is nothing but their order.
    package var invoked: Int
    package var completed: Int?
    /// Line of the file that invokes it.
    package var line: Int
}

/// A line of a history.
struct RecordedEvent {
    var process: RecordedValue
    /// invoke, ok, fail or info.
    var type: String
    var function: String
    var key: RecordedValue?
    var value: RecordedValue
    /// Why it did not end well, if the line says it.
    var reason: RecordedValue?
    var line: Int
}

/// Pairs lines into calls.
struct CallPairing {
    private(set) var calls: [RecordedCall] = []
    /// Place in `calls` of what a process has under way.
    private var open: [RecordedValue: Int] = [:]
    private var place = 0
    /// A `fail` of a compare-and-set that carries no reason is an answer: the value was another.
    var answersMismatch = false

    mutating func add(_ event: RecordedEvent) throws(RecordedHistoryError) {
        defer { place += 1 }
        // The nemesis reports what it did, not what a client was told.
        if case .word = event.process { return }
        if event.type == "invoke" {
            guard open[event.process] == nil else {
                throw RecordedHistoryError(
                    line: event.line, "process \(event.process) invokes while it waits")
            }
            open[event.process] = calls.count
            calls.append(
                RecordedCall(
                    process: event.process, function: event.function, key: event.key,
                    argument: event.value, answer: event.value, outcome: .info, invoked: place,
                    completed: nil, line: event.line))
            return
        }
        guard let outcome = RecordedCall.Outcome(rawValue: event.type) else {
            throw RecordedHistoryError(
                line: event.line, "type is \"\(event.type)\", not invoke, ok, fail or info")
        }
        guard let index = open.removeValue(forKey: event.process) else {
            throw RecordedHistoryError(
                line: event.line, "process \(event.process) ends what it never invoked")
        }
        calls[index].outcome = outcome
        if outcome == .ok { calls[index].answer = event.value }
        if outcome != .info { calls[index].completed = place }
        if outcome == .fail, answersMismatch, event.function == "cas", event.reason == nil {
            calls[index].outcome = .ok
            calls[index].function = "cas-mismatch"
        }
    }
}
