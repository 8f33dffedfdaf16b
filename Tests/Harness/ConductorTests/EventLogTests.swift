// The timeline as it is written: each event at once, and a full disk noticed.

import History
import Linux
import Reactor
import Testing

@testable import Conductor

@ReactorActor
struct EventLogTests {
    private func event(_ step: String) -> TimelineEvent {
        TimelineEvent(.note, step: step, actual: 5)
    }

    @Test func `an event is in the file before anybody is shown it`() async throws {
        try await withFolder { folder in
            let path = "\(folder)/timeline.jsonl"
            var counts: [Int] = []
            let log = try EventLog(path: path, epoch: .now()) { _ in
                let text = try? File.text(of: path)
                counts.append(text?.split(separator: "\n").count ?? -1)
            }
            log.add(event("1"))
            log.add(event("2"))
            #expect(counts == [1, 2])
            #expect(log.events.map(\.step) == ["1", "2"])
            #expect(log.writeFailure == nil)
        }
    }

    @Test func `a full disk is noted, and no event is forgotten`() throws {
        let log = try EventLog(path: "/dev/full", epoch: .now()) { _ in }
        log.add(event("1"))
        #expect(log.writeFailure?.errno == .noSpace)
        #expect(log.events.count == 1)
    }
}
