// The interval log of the HdrHistogram library, version 1.3: one line an interval, each with the
// whole distribution of that interval, so that any part of a run can be added up later.
//
//     #[Histogram log format version 1.3]
//     #[StartTime: 1441753532.570 (seconds since epoch), 2015-09-08T23:05:32.570000Z]
//     "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//     Tag=read,0.126,1.007,1.933,HISTFAAAAEB42pNpmSzMwMAg...
//
// Start and length are seconds. The maximum is there for the eye: the highest value divided by a
// unit, by convention milliseconds of nanoseconds. Start times are relative to the base time, when
// one is given. The writer only makes the text; where it goes is the caller's affair.
//
// Fact: HdrHistogram, HistogramLogWriter.java and HistogramLogReader.java, revision de84b0a.

internal import Linux

/// Makes the lines of an interval log, each ending in a newline.
package struct HistogramLogWriter: Sendable {
    /// How many recorded units make one unit of the column for the maximum.
    private let maximumDivisor: Int64

    /// 1,000,000 for nanoseconds and 1000 for microseconds show the maximum in milliseconds.
    package init(maximumDivisor: Int64 = 1_000_000) {
        precondition(maximumDivisor > 0, "a maximum is divided by a unit")
        self.maximumDivisor = maximumDivisor
    }

    /// The head of a log in its usual order: program, version, start, base, legend.
    ///
    /// With the base equal to the start, intervals count from the start of the run.
    package func header(
        comment: String, startNanoseconds: Int64, baseNanoseconds: Int64? = nil
    ) -> String {
        let date = WallTime(nanoseconds: startNanoseconds).rfc3339
        let start = Thousandths.text(startNanoseconds, dividedBy: 1_000_000_000)
        let base = baseNanoseconds.map { base in
            let seconds = Thousandths.text(base, dividedBy: 1_000_000_000)
            return "#[BaseTime: \(seconds) (seconds since epoch)]\n"
        }
        return self.comment(comment)
            + "#[Histogram log format version 1.3]\n"
            + "#[StartTime: \(start) (seconds since epoch), \(date)]\n"
            + (base ?? "")
            + HistogramLog.legend + "\n"
    }

    /// A remark for readers; every line of it becomes a line of the log.
    package func comment(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { "#\($0)\n" }.joined()
    }

    /// One interval. `start` counts from the base time of the header.
    package func interval(
        start: Duration, length: Duration, tag: HistogramTag? = nil, _ histogram: HdrHistogram
    ) -> String {
        let fields = [
            Thousandths.text(start.nanoseconds, dividedBy: 1_000_000_000),
            Thousandths.text(length.nanoseconds, dividedBy: 1_000_000_000),
            Thousandths.text(histogram.max, dividedBy: maximumDivisor),
            histogram.base64,
        ]
        return (tag.map { "Tag=\($0)," } ?? "") + fields.joined(separator: ",") + "\n"
    }
}
