// The three formats of a history, and what is refused in each.

import Testing

@testable import Consistency

struct RecordedCallsTests {
    @Test func `the three formats say the same`() throws {
        let edn =
            "[{:process 0, :type :invoke, :f :write, :value 3}\n"
            + " {:process 0, :type :ok, :f :write, :value 3}]"
        let json =
            "{\"process\": 0, \"type\": \"invoke\", \"f\": \"write\", \"value\": 3}\n"
            + "{\"process\": 0, \"type\": \"ok\", \"f\": \"write\", \"value\": 3}\n"
        let log =
            "INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
            + "INFO  jepsen.util - 0\t:ok\t:write\t3\n"
        let read = try [edn, json, log].map { try RecordedCalls.read(Array($0.utf8)) }
        #expect(read[0] == read[1] && read[1] == read[2])
        #expect(read[0].first?.outcome == .ok && read[0].count == 1)
    }

    @Test func `a call without an end, or with an end that says nothing, stays open`() throws {
        let history = try calls(["0 invoke write 1", "1 invoke write 2", "1 info write 2"])
        #expect(history.map(\.outcome) == [.info, .info])
        #expect(history.allSatisfy { $0.completed == nil })
    }

    @Test func `what the nemesis does is no call`() throws {
        #expect(try calls([":nemesis info start nil", "0 invoke read", "0 ok read 1"]).count == 1)
    }

    @Test func `a process that invokes twice is refused with its line`() throws {
        let error = #expect(throws: RecordedHistoryError.self) {
            try calls(["0 invoke write 1", "0 invoke write 2"])
        }
        #expect(error?.line == 2)
    }

    @Test func `an end without a beginning is refused`() {
        #expect(throws: RecordedHistoryError.self) { try calls(["0 ok read 1"]) }
    }

    @Test func `an empty file is refused`() {
        #expect(throws: RecordedHistoryError.self) { try RecordedCalls.read([0x20, 0x0A]) }
    }

    @Test func `the history of a run is refused by name`() {
        let line = "{\"type\":\"invoke\",\"index\":0,\"effect\":\"read\",\"process\":0}"
        let error = #expect(throws: RecordedHistoryError.self) {
            try RecordedCalls.read(Array(line.utf8))
        }
        #expect(error?.problem.contains("verdict.json") == true)
    }
}
