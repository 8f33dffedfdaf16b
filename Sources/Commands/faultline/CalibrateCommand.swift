// `faultline calibrate`: how good the link emulator is on this very host. What a run promises of a
// delay rests on these figures, and they differ from host to host.

import Linux
import Reactor
import Report
import Testbed
import Wire

struct CalibrateCommand {
    /// The delay whose error is measured; the one that the shipped experiments inject.
    private static let delay: Duration = .milliseconds(50)
    private static let samplesMax = 10_000

    private let json: Bool
    private let samples: Int

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(rest, valued: ["--samples"], plain: ["--json"])
        if let word = arguments.words.first { throw UsageError("unexpected word \"\(word)\"") }
        json = arguments.has("--json")
        samples =
            try arguments.value("--samples", as: "a number from 1 to \(Self.samplesMax)") {
                Int($0).flatMap { (1...Self.samplesMax).contains($0) ? $0 : nil }
            } ?? 200
    }

    func perform() throws -> Int32 {
        guard Sandbox.isInside else {
            try HostLack.check()
            return try Inside.run(arguments: CommandLine.arguments)
        }
        try Sandbox.enter(arguments: CommandLine.arguments)
        let figures = Figures(try measure(), delay: Self.delay, host: .read())
        if json {
            Output.write(figures.json.text + "\n", to: 1)
        } else {
            Output.write(figures.text, to: 1)
        }
        return ExitCode.held
    }

    private func measure() throws(SyscallError) -> Calibration {
        let outcome = Reactor.run { [samples] () async -> Result<Calibration, SyscallError> in
            do throws(SyscallError) {
                return .success(try await Calibration.measure(delay: Self.delay, count: samples))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}

/// A calibration as it is printed.
private struct Figures {
    private struct Row {
        let name: String
        let key: String
        let summary: DurationSummary
    }

    private let host: HostIdentity
    private let delay: Duration
    private let rows: [Row]
    /// Datagrams that did not arrive at all, which no time could stand for.
    private let lost: Int
    private let loadAverage = HostIdentity.loadAverage

    init(_ calibration: Calibration, delay: Duration, host: HostIdentity) {
        self.host = host
        self.delay = delay
        let arrived = calibration.error.filter { $0 < Calibration.lossTime }
        lost = calibration.error.count - arrived.count
        let milliseconds = delay.nanoseconds / 1_000_000
        let all: [(String, String, [Duration])] = [
            ("one way, no fault", "direct", calibration.direct),
            ("error of \(milliseconds) ms delay", "delayError", arrived),
            ("inject a delay", "inject", calibration.inject),
            ("heal a delay", "heal", calibration.heal),
            ("block a direction", "block", calibration.block),
            ("unblock it", "unblock", calibration.unblock),
            ("attach a node", "attach", calibration.attach),
        ]
        rows = all.compactMap { name, key, durations in
            DurationSummary(durations).map { Row(name: name, key: key, summary: $0) }
        }
    }

    var text: String {
        var table = TextTable()
        let heads = ["MEASURED", "UNIT", "MIN", "P50", "P99", "MAX", "SAMPLES"]
        table.add(heads.map { TextTable.Cell($0) })
        for row in rows {
            let summary = row.summary
            let times = [summary.least, summary.p50, summary.p99, summary.most]
            let cells = [row.name, "us"] + times.map(\.microsecondsText) + ["\(summary.count)"]
            table.add(cells.map { TextTable.Cell($0) })
        }
        let warning = lost == 0 ? [] : ["\(lost) delayed datagrams were lost"]
        let lines =
            ["host: \(host), load \(loadAverage)", ""]
            + table.lines(indent: "  ", coloured: false) + warning
        return lines.joined(separator: "\n") + "\n"
    }

    var json: JSON {
        .object(
            [
                ("schema", .string("faultline/calibration/v1")),
                (
                    "host",
                    [
                        "kernel": .string(host.kernel), "cores": .integer(Int64(host.cores)),
                        "processor": .string(host.processor), "loadAverage": .string(loadAverage),
                    ]
                ),
                ("delayNanoseconds", .integer(delay.nanoseconds)),
                ("lost", .integer(Int64(lost))),
            ] + rows.map { ($0.key, Self.json($0.summary)) })
    }

    private static func json(_ summary: DurationSummary) -> JSON {
        [
            "samples": .integer(Int64(summary.count)),
            "minNanoseconds": .integer(summary.least.nanoseconds),
            "p50Nanoseconds": .integer(summary.p50.nanoseconds),
            "p99Nanoseconds": .integer(summary.p99.nanoseconds),
            "maxNanoseconds": .integer(summary.most.nanoseconds),
        ]
    }
}
