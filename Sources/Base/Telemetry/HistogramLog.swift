// Interval logs read back, to add up the distribution of a phase: before, during and after a fault.
// Reads versions 1.2 and 1.3, which differ only in tags.

internal import Linux

/// The content of an interval log.
package struct HistogramLog: Equatable, Sendable {
    static let legend =
        #""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#

    /// One line: the distribution of what ended between `start` and `start + length`.
    package struct Interval: Equatable, Sendable {
        package let tag: HistogramTag?
        /// Since the base time, or as the writer of the log counted when there is none.
        package let start: Duration
        package let length: Duration
        package let histogram: HdrHistogram
    }

    /// Since 1970; nil when the log does not say.
    package private(set) var startNanoseconds: Int64?
    package private(set) var baseNanoseconds: Int64?
    package private(set) var intervals: [Interval] = []

    /// Lines are numbered from 1 in errors; a torn last line is an error like any other.
    package init(parsing text: String) throws(HistogramLogError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty && line != Self.legend {
            if line.hasPrefix("#") {
                startNanoseconds = Self.time(in: line, named: "StartTime") ?? startNanoseconds
                baseNanoseconds = Self.time(in: line, named: "BaseTime") ?? baseNanoseconds
            } else {
                intervals.append(try Self.interval(line, number: index + 1))
            }
        }
    }

    /// All intervals of a tag (or those without one) that start in the range, added up.
    ///
    /// nil when there is none: no data is not the same as an empty distribution.
    package func merged(
        tag: HistogramTag?, from start: Duration = .zero, to end: Duration? = nil
    ) throws(HistogramError) -> HdrHistogram? {
        var sum: HdrHistogram?
        for interval in intervals where interval.tag == tag && interval.start >= start {
            if let end, interval.start >= end { continue }
            guard var whole = sum else {
                sum = interval.histogram
                continue
            }
            try whole.merge(interval.histogram)
            sum = whole
        }
        return sum
    }

    /// The seconds in `#[Name: 1441753532.570 (seconds since epoch)...`.
    private static func time(in line: Substring, named name: String) -> Int64? {
        let prefix = "#[\(name): "
        guard line.hasPrefix(prefix) else { return nil }
        return Thousandths.nanoseconds(line.dropFirst(prefix.count).prefix { $0 != " " })
    }

    private static func interval(
        _ line: Substring, number: Int
    ) throws(HistogramLogError) -> Interval {
        var fields = line.split(omittingEmptySubsequences: false) { $0 == "," }
        var tag: HistogramTag?
        if let first = fields.first, first.hasPrefix("Tag=") {
            tag = HistogramTag(String(first.dropFirst(4)))
            guard tag != nil else { throw .malformedLine(number) }
            fields.removeFirst()
        }
        guard fields.count == 4,
            let start = Thousandths.nanoseconds(fields[0]),
            let length = Thousandths.nanoseconds(fields[1]),
            Thousandths.nanoseconds(fields[2]) != nil
        else { throw .malformedLine(number) }
        do throws(HistogramError) {
            return Interval(
                tag: tag, start: .nanoseconds(start), length: .nanoseconds(length),
                histogram: try HdrHistogram(base64: fields[3]))
        } catch {
            throw .malformedHistogram(line: number, error)
        }
    }
}

package enum HistogramLogError: Error, Equatable, Sendable, CustomStringConvertible {
    case malformedLine(Int)
    case malformedHistogram(line: Int, HistogramError)

    package var description: String {
        switch self {
        case .malformedLine(let line): "histogram log: line \(line) is not an interval"
        case .malformedHistogram(let line, let error): "histogram log: line \(line): \(error)"
        }
    }
}
