// What a canary's requests prove, without a disk: each proof accepts its promise and nothing beside
// it.

import Experiment
import Linux
import Testing

@testable import Faults

struct DiskProofTests {
    private func measured(_ milliseconds: Double..., errors: [Errno] = []) -> CanaryMeasurement {
        CanaryMeasurement(
            operation: .write,
            times: milliseconds.map { .microseconds(Int64($0 * 1000)) }.sorted(), errors: errors)
    }

    private func judge(_ measured: CanaryMeasurement) throws {
        let proof = DiskDelayProof(
            delay: .milliseconds(50), jitter: .milliseconds(5), shape: .uniform)
        _ = try proof.judge(measured, before: self.measured(1, 1, 2))
    }

    @Test func `delays within the band are proof`() throws {
        try judge(measured(45, 50, 55))
        try judge(measured(46, 80, 81))
    }

    @Test func `one that is early, a median far too late, an error or nothing are none`() {
        for wrong in [
            measured(44, 50, 55), measured(50, 300, 300), measured(50, errors: [.inputOutput]),
            measured(),
        ] {
            #expect(throws: FaultError.self) { try judge(wrong) }
        }
    }

    private func judge(_ ratio: Double, errors: Int, of count: Int, _ errno: Errno) throws {
        let measured = CanaryMeasurement(
            operation: .write, times: Array(repeating: .zero, count: count - errors),
            errors: Array(repeating: errno, count: errors))
        _ = try DiskErrorProof(errno: .inputOutput, ratio: ratio).judge(measured)
    }

    @Test func `errors within the binomial bound are proof`() throws {
        try judge(1, errors: 8, of: 8, .inputOutput)
        try judge(0.5, errors: 60, of: 100, .inputOutput)
    }

    @Test(arguments: [(1.0, 7, 8), (1.0, 0, 8), (0.5, 75, 100), (0.5, 0, 100)])
    func `too few and too many are none`(ratio: Double, errors: Int, count: Int) {
        #expect(throws: FaultError.self) {
            try judge(ratio, errors: errors, of: count, .inputOutput)
        }
    }

    @Test func `another error than the promised one is none`() {
        #expect(throws: FaultError.self) { try judge(1, errors: 8, of: 8, .noSpace) }
    }

    @Test func `a proof asks for enough requests to fail on a disk that is well`() {
        for ratio in [0.02, 0.1, 0.5, 0.9] {
            let count = DiskErrorProof.count(for: ratio)
            #expect(throws: FaultError.self) {
                try judge(ratio, errors: 0, of: count, .inputOutput)
            }
        }
    }
}
