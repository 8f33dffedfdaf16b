// Frames are kept in slots that are used again, and a full store says so.

import Testing

@testable import Linux

struct FrameStoreTests {
    private let near = LinkAddress(kind: 3, .any)
    private let far = LinkAddress(kind: 4, .any)
    private let frame = (0..<60).map { UInt8($0) }

    @Test func `a frame comes back whole under its new addresses`() throws {
        var store = FrameStore(capacity: 2)
        let kept = store.keep(frame.span, to: near, from: far)
        let slot = try #require(kept)
        let back = store.with(slot) { span in (0..<span.count).map { span[$0] } }
        #expect(back == near.bytes + far.bytes + frame.dropFirst(12))
    }

    @Test func `a full store refuses, and takes again after a release`() throws {
        var store = FrameStore(capacity: 2)
        let kept = (0..<3).map { _ in store.keep(frame.span, to: near, from: far) }
        #expect(kept.map { $0 != nil } == [true, true, false])
        let count = store.count
        #expect(count == 2)
        store.release(try #require(kept[0]))
        let again = store.keep(frame.span, to: near, from: far)
        #expect(again != nil)
    }

    @Test(arguments: [0, 13, 1537])
    func `what is no frame is refused`(length: Int) {
        var store = FrameStore(capacity: 1)
        let kept = store.keep([UInt8](repeating: 0, count: length).span, to: near, from: far)
        let count = store.count
        #expect(kept == nil)
        #expect(count == 0)
    }
}

struct WakeLatencyTests {
    @Test func `a constant lateness is learnt from below`() {
        var latency = WakeLatency()
        for _ in 0..<500 { latency.observe(.microseconds(80)) }
        #expect(latency.estimate > .microseconds(60))
        #expect(latency.estimate <= .microseconds(81))
    }

    @Test func `rare late wake-ups do not raise it`() {
        var latency = WakeLatency()
        for round in 0..<1000 {
            latency.observe(round % 2 == 0 ? .microseconds(20) : .milliseconds(5))
        }
        #expect(latency.estimate < .microseconds(40))
    }

    @Test func `it has a limit`() {
        var latency = WakeLatency()
        for _ in 0..<1000 { latency.observe(.seconds(1)) }
        #expect(latency.estimate == WakeLatency.max)
    }
}
