// timeline.jsonl: one event a line.
//
//     {"kind":"inject","step":"method[0]","fault":"kill","target":"store.shard-1.leader",
//      "nodes":["store-1-2"],"planned":13000000000,"actual":13000210000,"took":41000,
//      "monotonic":88213000210000,"time":"2026-01-02T03:04:05.000006Z",
//      "evidence":{"signal":"SIGKILL","pid":"4711"}}
//
// `planned` and `actual` are nanoseconds since the run's epoch; `monotonic` is the same instant on
// CLOCK_MONOTONIC, to be matched with traces of the host; `time` is for people.

import Linux
package import Wire

extension TimelineEvent {
    /// Appends the event as one line.
    package func append(to bytes: inout [UInt8], epoch: RunEpoch) {
        var line = LineEncoder()
        line.begin(&bytes)
        line.field("kind", kind.rawValue, &bytes)
        line.field("step", step, &bytes)
        line.field("fault", optional: fault, &bytes)
        line.field("target", optional: target, &bytes)
        if !nodes.isEmpty { line.field("nodes", .array(nodes.map(JSON.string)), &bytes) }
        line.field("planned", optional: planned, &bytes)
        line.field("actual", actual, &bytes)
        line.field("took", optional: took, &bytes)
        line.field("monotonic", epoch.monotonic.nanoseconds + actual, &bytes)
        line.field("time", epoch.wallTime(at: actual).rfc3339, &bytes)
        if !evidence.isEmpty { line.field("evidence", TimelineEvent.json(evidence), &bytes) }
        line.end(&bytes)
    }

    /// Named observations as one object, in their order.
    package static func json(_ evidence: [Evidence]) -> JSON {
        .object(evidence.map { ($0.name, JSON.string($0.value)) })
    }

    /// Reads a whole timeline; a last line that was cut short by a crash is left out.
    package static func events(of bytes: [UInt8]) throws(RecordError) -> [TimelineEvent] {
        var events: [TimelineEvent] = []
        var lines = LineReader()
        lines.append(bytes)
        while let line = try lines.next() {
            let fields = RecordFields(json: line.json, line: line.number)
            events.append(try TimelineEvent(fields))
        }
        return events
    }

    private init(_ fields: RecordFields) throws(RecordError) {
        let word = try fields.text("kind")
        guard let kind = Kind(rawValue: word) else { throw fields.error(.unknownWord(word)) }
        self.init(
            kind, step: try fields.text("step"), planned: try fields.optionalInteger("planned"),
            actual: try fields.integer("actual"), took: try fields.optionalInteger("took"),
            fault: try fields.optionalText("fault"), target: try fields.optionalText("target"),
            nodes: (fields.json["nodes"]?.array ?? []).compactMap(\.string),
            evidence: (fields.json["evidence"]?.object ?? []).map {
                Evidence($0.0, $0.1.string ?? $0.1.text)
            })
    }
}
