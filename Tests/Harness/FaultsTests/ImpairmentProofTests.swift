// What measurements prove, without a network: each proof accepts its promise and nothing beside it.

import History
import Linux
import Testing

@testable import Faults
@testable import Testbed

struct ImpairmentProofTests {
    private func link(_ delays: [Duration], sent: Int? = nil) -> LinkMeasurement {
        LinkMeasurement(
            direction: Direction(from: IPv4Address(10, 0, 0, 1), to: IPv4Address(10, 0, 0, 2)),
            sent: sent ?? delays.count, delays: delays.sorted())
    }

    private func link(lost: Int, of sent: Int) -> LinkMeasurement {
        link(Array(repeating: .microseconds(80), count: sent - lost), sent: sent)
    }

    @Test func `delays within the band are proof`() throws {
        let proof = DelayProof(Impairment(delay: .milliseconds(50), jitter: .milliseconds(5)))
        let measured = link((0..<20).map { .microseconds(45_100 + 500 * $0) })
        let evidence = try proof.judge([measured, measured])
        #expect(evidence.map(\.value) == ["50.10ms", "50.10ms"])
    }

    @Test(arguments: [
        // One packet earlier than the band allows.
        [44, 50, 50, 50],
        // All a little late, as if two delays were added.
        [60, 61, 62, 63],
        // Most of them early.
        [46, 46, 46, 52],
        [],
    ])
    func `delays outside the band are none`(milliseconds: [Int]) {
        let proof = DelayProof(Impairment(delay: .milliseconds(50), jitter: .milliseconds(5)))
        let measured = link(milliseconds.map { .milliseconds($0) }, sent: 4)
        #expect(throws: FaultError.self) { try proof.judge([measured]) }
    }

    @Test func `a jitter as wide as the delay does not excuse a link that is not delayed`() {
        let proof = DelayProof(Impairment(delay: .milliseconds(50), jitter: .milliseconds(50)))
        let idle = link(Array(repeating: .microseconds(100), count: 20))
        #expect(throws: FaultError.self) { try proof.judge([idle]) }
    }

    @Test func `one link that is not delayed spoils the proof of the others`() {
        let proof = DelayProof(Impairment(delay: .milliseconds(50)))
        let late = link(Array(repeating: .milliseconds(50), count: 20))
        let idle = link(Array(repeating: .microseconds(100), count: 20))
        #expect(throws: Never.self) { try proof.judge([late, late]) }
        #expect(throws: FaultError.self) { try proof.judge([late, idle]) }
    }

    @Test func `no measurement is no proof`() {
        #expect(throws: FaultError.self) {
            try DelayProof(Impairment(delay: .milliseconds(50))).judge([])
        }
        #expect(throws: FaultError.self) { try LossProof(Impairment(loss: 0.5)).judge([]) }
    }

    @Test(arguments: [0.001, 0.005, 0.01, 0.05, 0.2, 0.5, 0.9, 1])
    func `the promised loss is proof, none at all is not`(ratio: Double) throws {
        let proof = LossProof(Impairment(loss: ratio))
        let sent = LossProof.probes(for: ratio)
        let lost = Int((Double(sent) * ratio).rounded())
        #expect(throws: Never.self) { try proof.judge([link(lost: lost, of: sent)]) }
        #expect(throws: FaultError.self) { try proof.judge([link(lost: 0, of: sent)]) }
        let doubled = min(sent, 2 * lost)
        if doubled > lost, ratio >= 0.005 {
            #expect(throws: FaultError.self) { try proof.judge([link(lost: doubled, of: sent)]) }
        }
    }

    @Test func `links lose their share together`() throws {
        let proof = LossProof(Impairment(loss: 0.1))
        let evidence = try proof.judge([link(lost: 15, of: 200), link(lost: 25, of: 200)])
        #expect(evidence.map(\.value) == ["10.00% of 400 probes"])
    }

    @Test func `a loss too small for its probes is not called proven`() {
        #expect(throws: FaultError.self) {
            try LossProof(Impairment(loss: 0.0001)).judge([link(lost: 2, of: 20_000)])
        }
    }

    @Test func `packets that were dropped against the plan spoil the run`() throws {
        var counters = LinkCounters()
        counters.seen = 1000
        counters.lost = 100
        counters.delivered = 900
        #expect(try EmulatorProof.judge([counters, counters]).map(\.value) == ["2000", "200"])
        counters.delivered = 899
        counters.overflowed = 1
        #expect(throws: FaultError.self) { try EmulatorProof.judge([counters]) }
    }
}
