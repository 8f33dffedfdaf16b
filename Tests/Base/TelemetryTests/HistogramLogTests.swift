// Interval logs: the text of ours, and reading theirs and damaged ones.

import Testing

@testable import Telemetry

@Suite struct HistogramLogTests {
    private static let start: Int64 = 1_441_753_532_570_000_000

    @Test func `a log has the published lines in the published order`() throws {
        let writer = HistogramLogWriter()
        let read = try #require(HistogramTag("read"))
        let histogram = HdrHistogram(of: [1_500_000], highest: 3_600_000_000)
        let text =
            writer.header(
                comment: "made by a test", startNanoseconds: Self.start,
                baseNanoseconds: Self.start)
            + writer.interval(start: .milliseconds(126), length: .seconds(1), histogram)
            + writer.interval(
                start: .seconds(2), length: .microseconds(999_999), tag: read, histogram)
        #expect(
            text == """
                #made by a test
                #[Histogram log format version 1.3]
                #[StartTime: 1441753532.570 (seconds since epoch), 2015-09-08T23:05:32.570000Z]
                #[BaseTime: 1441753532.570 (seconds since epoch)]
                "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
                0.126,1.000,1.500,\(histogram.base64)
                Tag=read,2.000,1.000,1.500,\(histogram.base64)

                """)
    }

    @Test func `what was written reads back and adds up by tag and time`() throws {
        let writer = HistogramLogWriter(maximumDivisor: 1000)
        let (read, write) = (
            try #require(HistogramTag("read")), try #require(HistogramTag("write"))
        )
        var text = writer.header(comment: "two\nlines", startNanoseconds: Self.start)
        for second in 0..<5 {
            let histogram = HdrHistogram(of: [Int64(second)], highest: 1000)
            for tag in [read, write] {
                text += writer.interval(
                    start: .seconds(second), length: .seconds(1), tag: tag, histogram)
            }
        }
        let log = try HistogramLog(parsing: text)
        #expect(log.startNanoseconds == Self.start)
        #expect(log.baseNanoseconds == nil)
        #expect(log.intervals.count == 10)
        #expect(log.intervals[3].tag == write && log.intervals[3].start == .seconds(1))
        #expect(try log.merged(tag: read) == HdrHistogram(of: [0, 1, 2, 3, 4], highest: 1000))
        #expect(
            try log.merged(tag: write, from: .seconds(1), to: .seconds(3))
                == HdrHistogram(of: [1, 2], highest: 1000))
        #expect(try log.merged(tag: nil) == nil)
        #expect(try log.merged(tag: read, from: .seconds(5)) == nil)
    }

    @Test func `a log of jHiccup reads, with the maximum that it states`() throws {
        let log = try HistogramLog(parsing: PublishedHistograms.hiccupLog)
        #expect(log.startNanoseconds == Self.start)
        let interval = try #require(log.intervals.first)
        #expect(log.intervals.count == 1)
        #expect(interval.tag == nil)
        #expect(interval.start == .milliseconds(126))
        #expect(interval.length == .milliseconds(1007))
        #expect(Thousandths.text(interval.histogram.max, dividedBy: 1_000_000) == "1.933")
        #expect(interval.histogram.significantDigits == 2)
        #expect(interval.histogram.highestTrackable == 3_600_000_000_000)
    }

    @Test(arguments: [
        "1.000,1.000,1.501",  // a field is missing
        "1.000,1.000,1.501,HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H",  // torn
        "x,1.000,1.501,HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H+AsI4zMh1lZEpkAgBdIQSk",
        "1.000,-1,1.501,HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H+AsI4zMh1lZEpkAgBdIQSk",
        "Tag=,1,1,1.5,HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H+AsI4zMh1lZEpkAgBdIQSk",
        "hello",
    ])
    func `a line that is no interval is named by its number`(line: String) {
        let error = #expect(throws: HistogramLogError.self) {
            try HistogramLog(parsing: "#comment\n" + line + "\n")
        }
        #expect(error?.description.contains("line 2") == true)
    }

    @Test func `tags that would break a line are refused`() {
        #expect(HistogramTag("app-1:read")?.text == "app-1:read")
        for text in ["", "a,b", "a b", "a\n", "\u{7f}"] {
            #expect(HistogramTag(text) == nil)
        }
    }

    @Test(
        arguments: [
            (0, 1_000_000_000, "0.000"),
            (1_499_999, 1_000_000_000, "0.001"),
            (1_500_000, 1_000_000_000, "0.002"),
            (999_999_999, 1_000_000_000, "1.000"),
            (1_441_753_532_570_000_000, 1_000_000_000, "1441753532.570"),
            (7, 3, "2.333"),
            (.max, 1, "9223372036854775807.000"),
        ] as [(Int64, Int64, String)])
    func `three decimals are rounded halves up`(value: Int64, divisor: Int64, text: String) {
        #expect(Thousandths.text(value, dividedBy: divisor) == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("1.5", 1_500_000_000), ("0.126", 126_000_000),
            ("2.0000000019", 2_000_000_001),
            ("", nil), (".5", nil), ("1.", nil), ("-1", nil), ("+1", nil), ("1e3", nil),
            ("1.2.3", nil),
            ("99999999999", nil), ("9999999999999999999", nil),
        ] as [(String, Int64?)])
    func `seconds are read to the nanosecond or not at all`(text: String, nanoseconds: Int64?) {
        #expect(Thousandths.nanoseconds(text) == nanoseconds)
    }
}
