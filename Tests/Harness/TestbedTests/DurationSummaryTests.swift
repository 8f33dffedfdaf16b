// Percentiles by nearest rank, on sets whose ranks can be counted by hand.

import Linux
import Testing

@testable import Testbed

struct DurationSummaryTests {
    @Test func `no measurement has no summary`() {
        #expect(DurationSummary([]) == nil)
    }

    @Test func `one measurement is all of its figures`() throws {
        let summary = try #require(DurationSummary([.microseconds(7)]))
        #expect(summary.count == 1)
        #expect(
            [summary.least, summary.p50, summary.p99, summary.most].allSatisfy {
                $0 == .microseconds(7)
            })
    }

    @Test(
        arguments: [
            (count: 2, p50: 1, p99: 2),
            (count: 99, p50: 50, p99: 99),
            (count: 100, p50: 50, p99: 99),
            (count: 101, p50: 51, p99: 100),
            (count: 200, p50: 100, p99: 198),
        ])
    func `percentiles are measured values in rank order`(
        _ row: (count: Int, p50: Int, p99: Int)
    ) throws {
        let shuffled = (1...row.count).reversed().map { Duration.microseconds($0) }
        let summary = try #require(DurationSummary(shuffled))
        #expect(summary.least == .microseconds(1))
        #expect(summary.p50 == .microseconds(row.p50))
        #expect(summary.p99 == .microseconds(row.p99))
        #expect(summary.most == .microseconds(row.count))
    }

    @Test(
        arguments: [
            (0, "0.0"), (49, "0.0"), (50, "0.1"), (74_649, "74.6"), (1_000_000, "1000.0"),
            (-49, "0.0"), (-50, "-0.1"), (-1250, "-1.3"),
        ])
    func `microseconds are rounded to a tenth`(_ row: (nanoseconds: Int64, text: String)) {
        #expect(Duration.nanoseconds(row.nanoseconds).microsecondsText == row.text)
    }
}
