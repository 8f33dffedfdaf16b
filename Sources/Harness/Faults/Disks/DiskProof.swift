// Whether what happened to a canary is what a disk fault promised; pure, and able to say no.

import Experiment
import History
import Linux

/// Judges delays of a canary's requests.
struct DiskDelayProof {
    let delay: Duration
    let jitter: Duration
    let shape: DiskDelayShape

    /// Later than promised happens on a busy host, so there is a tolerance; earlier never. What the
    /// request took before there was a rule comes on top.
    func judge(
        _ measured: CanaryMeasurement, before: CanaryMeasurement
    ) throws(FaultError) -> [Evidence] {
        let spread = shape == .uniform ? jitter : .zero
        guard let least = measured.times.first, let median = measured.median,
            let usual = before.median, measured.errors.isEmpty
        else {
            throw .unproven("\(measured.operation.rawValue) of the canary: \(measured.summary)")
        }
        let most = delay + jitter * 2 + usual + Self.tolerance
        guard least >= delay - spread, median <= most else {
            throw .unproven(
                "\(measured.operation.rawValue) of the canary took \(measured.summary), promised "
                    + "\(delay.milliseconds) +- \(jitter.milliseconds)")
        }
        let word = measured.operation.rawValue
        return [
            Evidence("\(word) p50", median.milliseconds),
            Evidence("\(word) p50 before", usual.milliseconds),
        ]
    }

    /// A slow fsync of the disk underneath, and two switches between busy processes.
    private static let tolerance: Duration = .milliseconds(100)
}

/// Judges how often a canary's requests failed.
struct DiskErrorProof {
    let errno: Errno
    let ratio: Double

    /// Half-width of the accepted band in standard deviations, as for lost packets.
    private static let deviations = 4.0
    static let countMax = 5000

    /// Enough that a disk which never fails falls outside the band.
    static func count(for ratio: Double) -> Int {
        if ratio >= 1 { return 8 }
        let enough = 1.25 * deviations * deviations * (1 - ratio) / ratio
        return min(countMax, max(50, Int(enough.rounded(.up))))
    }

    func judge(_ measured: CanaryMeasurement) throws(FaultError) -> [Evidence] {
        let word = measured.operation.rawValue
        if let other = measured.errors.first(where: { $0 != errno }) {
            throw .unproven("\(word) of the canary failed with \(other.name), not \(errno.name)")
        }
        let count = Double(measured.count)
        let share = Double(measured.errors.count) / count
        let deviation = (ratio * (1 - ratio) / count).squareRoot()
        guard !measured.errors.isEmpty,
            abs(share - ratio) <= Self.deviations * deviation + 0.5 / count
        else {
            throw .unproven(
                "\(measured.errors.count) of \(measured.count) \(word)s of the canary failed, "
                    + "promised \(ShareProof.percent(ratio))")
        }
        return [
            Evidence(
                "\(word) failed with \(errno.name)",
                "\(measured.errors.count) of \(measured.count)")
        ]
    }
}

extension CanaryMeasurement {
    /// What was seen, for a proof that failed.
    var summary: String {
        if let error = errors.first {
            return "\(errors.count) of \(count) failed with \(error.name)"
        }
        guard let least = times.first, let median else { return "nothing was measured" }
        return "p50 \(median.milliseconds), least \(least.milliseconds)"
    }
}
