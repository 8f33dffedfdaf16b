// What measurements prove, without a network: each proof accepts its promise and nothing beside it.

import Experiment
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

    private func sample(_ hits: Int, of count: Int, ratio: Double) -> ShareProof.Sample {
        ShareProof.Sample(count: count, hits: hits, ratio: ratio)
    }

    private func judge(_ hits: Int, of count: Int, ratio: Double) throws -> [Evidence] {
        try ShareProof("lost").judge([sample(hits, of: count, ratio: ratio)])
    }

    @Test func `delays within the band are proof`() throws {
        let proof = DelayProof(Delay(.milliseconds(50), jitter: .milliseconds(5)))
        let measured = link((0..<20).map { .microseconds(45_100 + 500 * $0) })
        let evidence = try proof.judge([measured, measured])
        #expect(evidence.map(\.value) == ["50.10ms", "50.10ms", "46.10ms to 54.10ms"])
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
        let proof = DelayProof(Delay(.milliseconds(50), jitter: .milliseconds(5)))
        let measured = link(milliseconds.map { .milliseconds($0) }, sent: 4)
        #expect(throws: FaultError.self) { try proof.judge([measured]) }
    }

    @Test func `a jitter as wide as the delay does not excuse a link that is not delayed`() {
        let proof = DelayProof(Delay(.milliseconds(50), jitter: .milliseconds(50)))
        let idle = link(Array(repeating: .microseconds(100), count: 20))
        #expect(throws: FaultError.self) { try proof.judge([idle]) }
    }

    @Test func `one link that is not delayed spoils the proof of the others`() {
        let proof = DelayProof(Delay(.milliseconds(50)))
        let late = link(Array(repeating: .milliseconds(50), count: 20))
        let idle = link(Array(repeating: .microseconds(100), count: 20))
        #expect(throws: Never.self) { try proof.judge([late, late]) }
        #expect(throws: FaultError.self) { try proof.judge([late, idle]) }
    }

    @Test func `no measurement is no proof`() {
        #expect(throws: FaultError.self) {
            try DelayProof(Delay(.milliseconds(50))).judge([])
        }
        #expect(throws: FaultError.self) { try ShareProof("lost").judge([]) }
    }

    @Test(arguments: [0.001, 0.005, 0.01, 0.05, 0.2, 0.5, 0.9, 1])
    func `the promised loss is proof, none at all is not`(ratio: Double) throws {
        let sent = ShareProof.probes(for: ratio)
        let lost = Int((Double(sent) * ratio).rounded())
        #expect(throws: Never.self) { try judge(lost, of: sent, ratio: ratio) }
        #expect(throws: FaultError.self) { try judge(0, of: sent, ratio: ratio) }
        let doubled = min(sent, 2 * lost)
        if doubled > lost, ratio >= 0.005 {
            #expect(throws: FaultError.self) { try judge(doubled, of: sent, ratio: ratio) }
        }
    }

    @Test func `links are judged together, each by its own promise`() throws {
        let proof = ShareProof("lost")
        let even = try proof.judge([
            sample(15, of: 200, ratio: 0.1), sample(25, of: 200, ratio: 0.1),
        ])
        #expect(even.map(\.value) == ["10.00% of 400 probes"])
        let uneven = [sample(20, of: 200, ratio: 0.1), sample(100, of: 200, ratio: 0.5)]
        #expect(throws: Never.self) { try proof.judge(uneven) }
    }

    @Test func `a loss too small for its probes is not called proven`() {
        #expect(throws: FaultError.self) { try judge(2, of: 20_000, ratio: 0.0001) }
    }

    @Test func `bursts are given the room that they need, and no more`() throws {
        let chain = Loss.gilbertElliott(GilbertElliott(p: 0.01, r: 0.1))
        // Mean 1/11, and 2 * 0.89 / 0.11 beyond independent draws.
        #expect(abs(chain.spread - 17.18) < 0.01)
        let proof = ShareProof("lost", spread: chain.spread)
        let count = ShareProof.probes(for: chain.ratio, spread: chain.spread)
        #expect(throws: Never.self) {
            try proof.judge([sample(count / 8, of: count, ratio: chain.ratio)])
        }
        #expect(throws: FaultError.self) {
            try proof.judge([sample(0, of: count, ratio: chain.ratio)])
        }
    }

    @Test(arguments: [Delay.Distribution.uniform, .normal, .pareto])
    func `a distribution is told from another`(distribution: Delay.Distribution) throws {
        let promised = Delay(
            .milliseconds(100), jitter: .milliseconds(40), distribution: distribution,
            keepsOrder: false)
        let proof = DelayProof(promised)
        let ideal = (0..<200).map { promised.quantile((Double($0) + 0.5) / 200) }
        #expect(throws: Never.self) { try proof.judge([link(ideal)]) }
        let narrow = ideal.map { .milliseconds(100) + ($0 - .milliseconds(100)) / 8 }
        #expect(throws: FaultError.self) { try proof.judge([link(narrow)]) }
    }

    @Test func `a rate is what arrives between the first probe and the last`() throws {
        let proof = RateProof(RateLimit(bitsPerSecond: 10_000_000))
        let carried = { (took: Duration) in
            var measured = link(Array(repeating: .milliseconds(1), count: 100))
            let start = MonotonicTime(nanoseconds: 0)
            measured.span = (start, start + took)
            return measured
        }
        // 99 frames of 1514 bytes at 10 Mbit/s take 119.9 ms.
        let evidence = try proof.judge([carried(.microseconds(119_909))], others: 0)
        #expect(evidence.map(\.value) == ["10.000Mbit/s"])
        for wrong in [Duration.milliseconds(110), .milliseconds(140)] {
            #expect(throws: FaultError.self) { try proof.judge([carried(wrong)], others: 0) }
        }
        // Beside other traffic less is no wonder, more still is.
        #expect(throws: Never.self) {
            try proof.judge([carried(.milliseconds(140))], others: 90)
        }
        #expect(throws: FaultError.self) {
            try proof.judge([carried(.milliseconds(110))], others: 90)
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
