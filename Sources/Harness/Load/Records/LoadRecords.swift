// The two files of a load: history.jsonl, every request from its invocation to its outcome, and the
// interval log, the latencies of every second by journey.

import Experiment
import History
import Linux
import Reactor
import Telemetry

/// Keeps the files of a load, where there are any.
@ReactorActor
final class LoadRecords {
    private let history: RecordFile?
    private let latencies: RecordFile?
    private let logWriter = HistogramLogWriter()
    /// Since the epoch of the load.
    private var intervalStart: Duration = .zero

    /// Keeps no file.
    init() {
        history = nil
        latencies = nil
    }

    /// Starts both files.
    init(history: String?, latencies: String?) throws(SyscallError) {
        self.history = if let history { try RecordFile(path: history) } else { nil }
        self.latencies = if let latencies { try RecordFile(path: latencies) } else { nil }
    }

    var keepsHistory: Bool { history != nil }

    /// The first failure of either file.
    var failure: SyscallError? { history?.failure ?? latencies?.failure }

    func invoked(_ operation: borrowing Operation) {
        history.map { operation.appendInvocation(to: &$0.bytes) }
    }

    func completed(_ operation: borrowing Operation) {
        history.map { operation.appendCompletion(to: &$0.bytes) }
    }

    /// Writes the head of the interval log; times in it count from the epoch.
    func begin(epoch: MonotonicTime, seed: UInt64) {
        guard let latencies else { return }
        let start = WallTime.now().nanoseconds + (epoch - .now()).nanoseconds
        let header = logWriter.header(
            comment:
                "faultline load, seed \(seed); latencies in nanoseconds from the intended time",
            startNanoseconds: start, baseNanoseconds: start)
        latencies.bytes.append(contentsOf: header.utf8)
    }

    /// Adds what ended up to `now` as one interval; encoding takes long, so it is done off the loop.
    func closeInterval(_ interval: [Journey: HdrHistogram], now: Duration) async {
        guard let latencies else { return }
        let (start, writer) = (intervalStart, logWriter)
        intervalStart = now
        let lines = await offload {
            Journey.allCases.compactMap { journey in
                interval[journey].map { histogram in
                    writer.interval(
                        start: start, length: now - start, tag: HistogramTag(journey.rawValue),
                        histogram)
                }
            }
        }
        for line in lines { latencies.bytes.append(contentsOf: line.utf8) }
    }

    /// Hands everything to the kernel.
    func flush() async {
        await history?.flush()
        await latencies?.flush()
    }
}
