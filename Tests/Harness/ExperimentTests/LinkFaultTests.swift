// What a step says of a link's packets: every form that is read, and every one that is refused.

import Linux
import Testing

@testable import Experiment

struct LinkFaultTests {
    private func text(_ fault: String) throws -> String {
        try edit(
            Sample.experiment, "    fault: latency\n    delay: 50ms\n", "    \(fault)\n")
    }

    private func fault(_ text: String) throws -> FaultSpec {
        try Sample.load(self.text(text)).method[1].fault
    }

    @Test(arguments: [
        (
            "fault: latency\n    delay: 50ms\n    jitter: 5ms\n    correlation: 25%\n"
                + "    distribution: pareto\n    order: free",
            FaultSpec.link(
                .latency,
                Impairment(
                    delay: Delay(
                        .milliseconds(50), jitter: .milliseconds(5), correlation: 0.25,
                        distribution: .pareto, keepsOrder: false)))
        ),
        ("fault: loss\n    ratio: 5%", .link(.loss, Impairment(loss: .independent(0.05)))),
        ("fault: loss\n    nth: 10", .link(.loss, Impairment(loss: .everyNth(10)))),
        (
            "fault: loss\n    p: 1%\n    r: 20%\n    h: 0.3\n    k: 0.999",
            .link(
                .loss,
                Impairment(
                    loss: .gilbertElliott(GilbertElliott(p: 0.01, r: 0.2, h: 0.3, k: 0.999))))
        ),
        ("fault: duplicate\n    ratio: 0.1", .link(.duplicate, Impairment(duplicate: 0.1))),
        (
            "fault: reorder\n    ratio: 0.1",
            .link(
                .reorder,
                Impairment(reordering: Reordering(ratio: 0.1, delay: .milliseconds(10))))
        ),
        (
            "fault: corrupt\n    ratio: 1%\n    checksum: repaired",
            .link(
                .corrupt, Impairment(corruption: Corruption(ratio: 0.01, checksum: .repaired)))
        ),
        (
            "fault: rate\n    rate: 1.5Mbit/s\n    queue: 64KiB",
            .link(
                .rate,
                Impairment(rate: RateLimit(bitsPerSecond: 1_500_000, queue: .bytes(65_536))))
        ),
        (
            "fault: rate\n    rate: 10Mbit/s\n    packets: 20",
            .link(
                .rate,
                Impairment(rate: RateLimit(bitsPerSecond: 10_000_000, queue: .packets(20))))
        ),
    ])
    func `every form is read`(text: String, expected: FaultSpec) throws {
        #expect(try fault(text) == expected)
    }

    @Test(arguments: [
        ("fault: loss", "a loss has one of"),
        ("fault: loss\n    ratio: 1%\n    nth: 3", "a loss has one of"),
        ("fault: loss\n    p: 1%", "need both \"p\" and \"r\""),
        ("fault: loss\n    p: 1%\n    r: 5%\n    h: 1\n    k: 0.5", "\"h\" is below \"k\""),
        ("fault: loss\n    nth: 1", "below the least value, 2"),
        ("fault: latency\n    delay: 5ms\n    order: free", "needs \"jitter\""),
        ("fault: latency\n    delay: 5ms\n    jitter: 1ms\n    distribution: cauchy", "unknown"),
        (
            "fault: latency\n    delay: 5ms\n    jitter: 1ms\n    distribution: table",
            "needs the key \"table\""
        ),
        ("fault: latency\n    delay: 5ms\n    table: x", "needs \"distribution: table\""),
        (
            "fault: latency\n    delay: 5ms\n    jitter: 1ms\n    distribution: table\n"
                + "    table: no/such.dist",
            "no distribution table no/such.dist"
        ),
        ("fault: rate\n    rate: 10MB/s", "is not a bandwidth such as 10Mbit/s"),
        ("fault: rate\n    rate: 1kbit/s", "below the least value, 64kbit/s"),
        (
            "fault: rate\n    rate: 1Mbit/s\n    queue: 64KiB\n    packets: 3",
            "not by both"
        ),
        ("fault: reorder\n    ratio: 0", "no effect"),
        ("fault: duplicate", "needs the key \"ratio\""),
    ])
    func `what makes no sense is refused`(text: String, complaint: String) throws {
        let found = try headlines { try Sample.load(self.text(text)) }
        #expect(found.contains { $0.contains(complaint) }, "\(found)")
    }

    @Test func `a table is read from a file beside the experiment`() throws {
        let path = "/tmp/faultline-table-\(CurrentProcess.id).dist"
        try File.save(Array("# two halves\n-8192 8192\n".utf8), to: path)
        defer { try? File.remove(path) }
        let fault = try fault(
            "fault: latency\n    delay: 5ms\n    jitter: 1ms\n    distribution: table\n"
                + "    table: \(path)")
        let table = try #require(DelayTable(text: "-8192 8192"))
        let expected = Delay(
            .milliseconds(5), jitter: .milliseconds(1), distribution: .table(table))
        #expect(fault == .link(.latency, Impairment(delay: expected)))
    }

    @Test(arguments: [(10_000_000, "10Mbit/s"), (64_000, "64kbit/s"), (1, "1bit/s")])
    func `bandwidths are written as people write them`(bits: Int, text: String) throws {
        #expect(Quantity.bandwidthText(bits) == text)
        #expect(try Quantity.bandwidth(text) == bits)
    }
}
