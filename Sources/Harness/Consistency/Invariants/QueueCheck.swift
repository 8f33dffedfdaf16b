// A queue that is drained at the end: what was acknowledged comes out, once, and nothing else does
// (Jepsen's total-queue). What was sent without an answer may come out or not.

package enum QueueCheck {
    private static let shown = 5

    private struct Message {
        var tried = 0
        var acknowledged: RecordedCall?
        var delivered: [RecordedCall] = []

        /// Line that first has it, of those that are kept.
        var first: Int { (acknowledged ?? delivered.first)?.line ?? 0 }
    }

    package static func judge(
        _ calls: [RecordedCall]
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        var messages: [RecordedValue: Message] = [:]
        for call in calls {
            switch call.function {
            case "enqueue":
                if call.outcome != .fail { messages[call.argument, default: Message()].tried += 1 }
                if call.outcome == .ok {
                    messages[call.argument, default: Message()].acknowledged = call
                }
            case "dequeue", "drain":
                guard call.outcome == .ok else { continue }
                for value in call.answer.elements ?? [call.answer] where !value.isNull {
                    messages[value, default: Message()].delivered.append(call)
                }
            default:
                throw RecordedHistoryError(
                    line: call.line,
                    "a queue has enqueue, dequeue and drain, not \"\(call.function)\"")
            }
        }
        return finding(messages)
    }

    private static func finding(_ messages: [RecordedValue: Message]) -> ConsistencyFinding {
        let byTime = messages.sorted { $0.value.first < $1.value.first }
        let lost = byTime.filter { $0.value.acknowledged != nil && $0.value.delivered.isEmpty }
        let doubled = byTime.filter {
            $0.value.tried > 0 && $0.value.delivered.count > $0.value.tried
        }
        let unexpected = byTime.filter { $0.value.tried == 0 }
        let delivered = messages.values.reduce(0) { $0 + $1.delivered.count }
        let figures =
            "\(messages.count) messages, \(delivered) deliveries: \(lost.count) lost, "
            + "\(doubled.count) doubled, \(unexpected.count) never sent"
        guard messages.values.contains(where: { $0.acknowledged != nil }), delivered > 0 else {
            return ConsistencyFinding(.unknown, "nothing to judge: \(figures)")
        }
        let evidence =
            lost.prefix(shown).map { ["lost: \($0.value.acknowledged?.text ?? "")"] }
            + doubled.prefix(shown).map {
                ["\($0.key) is delivered \($0.value.delivered.count) times:"]
                    + $0.value.delivered.map { "  \($0.text)" }
            } + unexpected.prefix(shown).map { ["\($0.key) was never sent, and delivered"] }
        return ConsistencyFinding(evidence.isEmpty ? .holds : .broken, figures, evidence: evidence)
    }
}
