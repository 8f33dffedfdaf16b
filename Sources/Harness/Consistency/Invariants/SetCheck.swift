// A set to which clients add and which they read whole. An element is known once its add is
// acknowledged or a read has shown it; a read invoked after that must show it too. One that no later
// read shows is lost; one that a later read shows again was stale (Jepsen's set-full).

package struct SetCheck {
    private struct Element {
        var known: Int?
        /// A read that was invoked after it was known and lacks it.
        var missedBy: RecordedCall?
        /// Invocation of the last read that shows it, and of the last that lacks it.
        var lastSeen = -1
        var lastMissed = -1
        var wasTried = false
        var add: RecordedCall?
    }

    private static let shown = 5

    private var elements: [RecordedValue: Element] = [:]
    private var reads = 0
    private var duplicated: [String] = []
    private var unexpected: [String] = []

    private init() {}

    package static func judge(_ calls: [RecordedCall]) throws(RecordedHistoryError)
        -> ConsistencyFinding
    {
        var check = SetCheck()
        let isTuple = isKeyed(calls)
        for call in calls where call.function == "add" {
            check.note(add: call, element(of: call, isTuple))
        }
        for call in calls where call.function != "add" {
            guard call.function == "read" else {
                throw RecordedHistoryError(
                    line: call.line, "a set has add and read, not \"\(call.function)\"")
            }
            if call.outcome == .ok { try check.noteSeen(call) }
        }
        for call in calls where call.function == "read" && call.outcome == .ok {
            check.noteMissed(call)
        }
        return check.finding
    }

    /// Adds of `[key element]` where reads show bare elements: Jepsen's independent sets, of one key.
    private static func isKeyed(_ calls: [RecordedCall]) -> Bool {
        var key: RecordedValue?
        for call in calls where call.function == "add" {
            guard case .list(let pair) = call.argument, pair.count == 2 else { return false }
            if let key, key != pair[0] { return false }
            key = pair[0]
        }
        return key != nil
            && !calls.contains { call in
                call.function == "read" && call.outcome == .ok
                    && call.answer.elements?.contains { $0.elements != nil } == true
            }
    }

    private static func element(of call: RecordedCall, _ isTuple: Bool) -> RecordedValue {
        guard isTuple, case .list(let pair) = call.argument else { return call.argument }
        return pair[1]
    }

    private mutating func note(add call: RecordedCall, _ value: RecordedValue) {
        var element = elements[value] ?? Element()
        if call.outcome != .fail {
            element.wasTried = true
            element.add = element.add ?? call
        }
        if call.outcome == .ok, let completed = call.completed {
            element.known = min(element.known ?? .max, completed)
        }
        elements[value] = element
    }

    private mutating func noteSeen(_ call: RecordedCall) throws(RecordedHistoryError) {
        guard let values = call.answer.elements else {
            throw RecordedHistoryError(
                line: call.line, "a read of a set answers with a list or a set, not \(call.answer)")
        }
        reads += 1
        let distinct = Set(values)
        if distinct.count != values.count {
            duplicated.append("\(values.count - distinct.count) elements twice in \(call.line)")
        }
        for value in distinct {
            var element = elements[value] ?? Element()
            if !element.wasTried { unexpected.append("\(value), read in line \(call.line)") }
            element.lastSeen = max(element.lastSeen, call.invoked)
            element.known = min(element.known ?? .max, call.completed ?? .max)
            elements[value] = element
        }
    }

    private mutating func noteMissed(_ call: RecordedCall) {
        let shown = Set(call.answer.elements ?? [])
        for (value, element) in elements where !shown.contains(value) {
            guard let known = element.known, known < call.invoked else { continue }
            elements[value]?.lastMissed = max(element.lastMissed, call.invoked)
            if element.missedBy == nil { elements[value]?.missedBy = call }
        }
    }

    private var finding: ConsistencyFinding {
        let missed = elements.filter { $0.value.missedBy != nil }
        let lost = missed.filter { $0.value.lastMissed > $0.value.lastSeen }
        let stale = missed.count - lost.count
        let figures =
            "\(elements.count) elements, \(reads) reads: \(lost.count) lost, \(stale) stale, "
            + "\(duplicated.count) reads with duplicates, \(unexpected.count) unexpected"
        guard reads > 0, !elements.isEmpty else {
            return ConsistencyFinding(.unknown, "nothing to judge: \(figures)")
        }
        let isBroken = !missed.isEmpty || !duplicated.isEmpty || !unexpected.isEmpty
        return ConsistencyFinding(
            isBroken ? .broken : .holds, figures, evidence: isBroken ? evidence(missed) : [])
    }

    private func evidence(_ missed: [RecordedValue: Element]) -> [[String]] {
        var evidence: [[String]] = []
        let first = missed.sorted { ($0.value.known ?? 0) < ($1.value.known ?? 0) }
        for (value, element) in first.prefix(Self.shown) {
            let word = element.lastMissed > element.lastSeen ? "lost" : "stale"
            evidence.append([
                "\(value) is \(word):",
                "  added   \(element.add?.text ?? "by nobody")",
                "  missed  line \(element.missedBy?.line ?? 0), a read invoked after it was known",
            ])
        }
        let others =
            duplicated.map { "duplicate: \($0)" } + unexpected.map { "never added: \($0)" }
        return evidence + others.prefix(Self.shown).map { [$0] }
    }
}
