// timeline.jsonl, and the faults that are read from it: a fault counts as proven only when the events
// that prove it are there.

import History
import Linux
import Testing

struct TimelineTests {
    private let epoch = RunEpoch(
        monotonic: MonotonicTime(nanoseconds: 88_000_000_000),
        wall: WallTime(nanoseconds: 1_767_323_045_000_000_000))

    @Test(arguments: TimelineEvent.Kind.allCases)
    func `an event survives its line`(kind: TimelineEvent.Kind) throws {
        let event = TimelineEvent(
            kind, step: "method[0]", planned: 13_000_000_000, actual: 13_000_210_000, took: 41_000,
            fault: "kill", target: "store.shard-1.leader", nodes: ["store-1-2"],
            evidence: [.init("signal", "SIGKILL"), .init("pid", "4711")])
        #expect(try TimelineEvent.events(of: line(event)) == [event])
    }

    @Test func `an event without details survives its line`() throws {
        let event = TimelineEvent(.note, step: "harness", actual: 5)
        #expect(try TimelineEvent.events(of: line(event)) == [event])
    }

    @Test func `both clocks are counted from the epoch`() {
        let event = TimelineEvent(.phaseStart, step: "baseline", actual: 1_500_000_000)
        let text = String(decoding: line(event), as: UTF8.self)
        #expect(text.contains("\"kind\":\"phase-start\""))
        #expect(text.contains("\"monotonic\":89500000000"))
        #expect(text.contains("\"time\":\"2026-01-02T03:04:06.500000Z\""))
    }

    @Test func `an unknown kind is an error`() throws {
        let bytes = Array("{\"kind\":\"wish\",\"step\":\"s\",\"actual\":1}\n".utf8)
        let error = try #require(throws: RecordError.self) {
            try TimelineEvent.events(of: bytes)
        }
        #expect(error.code == .unknownWord("wish"))
    }

    @Test func `a fault with all its events is proven`() throws {
        let fault = try #require(FaultRecord.records(of: killEvents()).first)
        #expect(fault.isProven)
        #expect(fault.fault == "kill")
        #expect(fault.injected == 10)
        #expect(fault.proved == 12)
        #expect(fault.healed == 20)
        #expect(fault.provedHealed == 25)
        #expect(fault.promise == [.init("signal", "SIGKILL")])
        #expect(fault.proof == [.init("exit", "137"), .init("ready", "yes")])
    }

    @Test(arguments: [TimelineEvent.Kind.proved, .provedHealed])
    func `a fault without its proof is not proven`(missing: TimelineEvent.Kind) throws {
        let events = killEvents().filter { $0.kind != missing }
        let fault = try #require(FaultRecord.records(of: events).first)
        #expect(!fault.isProven)
    }

    @Test func `a fault is active from its injection until it is shown to be gone`() throws {
        let fault = try #require(FaultRecord.records(of: killEvents()).first)
        #expect([9, 10, 24, 25].map(fault.isActive(at:)) == [false, true, true, false])
        let unhealed = killEvents().filter { $0.kind == .inject }
        #expect(try #require(FaultRecord.records(of: unhealed).first).isActive(at: 1_000_000))
    }

    @Test func `a step that fires twice is two faults`() {
        let again = killEvents().map { event in
            var event = event
            event.actual += 100
            return event
        }
        let faults = FaultRecord.records(of: again + killEvents())
        #expect(faults.map(\.injected) == [10, 110])
        #expect(faults.map(\.provedHealed) == [25, 125])
    }

    private func killEvents() -> [TimelineEvent] {
        [
            TimelineEvent(.phaseStart, step: "fault", actual: 10),
            TimelineEvent(
                .inject, step: "method[0]", planned: 9, actual: 10, fault: "kill",
                target: "one of app", nodes: ["app-2"], evidence: [.init("signal", "SIGKILL")]),
            TimelineEvent(
                .proved, step: "method[0]", actual: 12, evidence: [.init("exit", "137")]),
            TimelineEvent(.heal, step: "method[0]", actual: 20),
            TimelineEvent(.restart, step: "method[0]", actual: 21),
            TimelineEvent(
                .provedHealed, step: "method[0]", actual: 25, evidence: [.init("ready", "yes")]),
        ]
    }

    private func line(_ event: TimelineEvent) -> [UInt8] {
        var bytes: [UInt8] = []
        event.append(to: &bytes, epoch: epoch)
        return bytes
    }
}
