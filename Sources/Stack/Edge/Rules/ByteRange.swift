// Range requests answered from a stored response (RFC 9110 section 14.2).

/// What a Range field asks of content of a known length.
package enum ByteRange: Equatable, Sendable {
    /// No range, one that is malformed or in other units, or more of them than anybody needs: the
    /// whole is sent, which every client of ranges must take.
    case whole
    case part(Range<Int>)
    /// At least two that are apart, in the order in which they were asked for if they were so from
    /// the start.
    case parts([Range<Int>])
    /// 416: nothing of it lies within the content.
    case unsatisfiable

    /// Past it a request is an attack or a mistake (RFC 9110 section 17.15).
    private static let rangesMax = 16
    /// Bytes between two parts that cost less than the head of a second part.
    private static let gapMax = 80

    package init(_ field: String?, length: Int) {
        guard let field, let set = Self.set(field), set.count <= Self.rangesMax else {
            self = .whole
            return
        }
        var ranges: [Range<Int>] = []
        for text in set {
            guard let range = Self.range(text, length) else {
                self = .whole
                return
            }
            if !range.isEmpty { ranges.append(range) }
        }
        let joined = Self.joined(ranges)
        switch joined.count {
        case 0: self = .unsatisfiable
        case 1: self = .part(joined[0])
        default: self = .parts(joined.count == ranges.count ? ranges : joined)
        }
    }

    /// The specs of a set of bytes; nil for anything else.
    private static func set(_ field: String) -> [Substring]? {
        guard let equals = field.firstIndex(of: "="),
            field[..<equals].lowercased() == "bytes"
        else { return nil }
        let specs = field[field.index(after: equals)...].split(separator: ",")
            .map(\.trimmingBlanks).filter { !$0.isEmpty }
        return specs.isEmpty ? nil : specs
    }

    /// One spec; empty when it lies behind the end, nil when it is none.
    private static func range(_ spec: Substring, _ length: Int) -> Range<Int>? {
        let ends = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (number(ends[0]), number(ends[1])) {
        case (nil, let suffix?) where ends[0].isEmpty: return max(0, length - suffix)..<length
        case (let first?, nil) where ends[1].isEmpty: return min(first, length)..<length
        case (let first?, let last?) where first <= last:
            return min(first, length)..<min(last + 1, length)
        default: return nil
        }
    }

    /// In ascending order, those that overlap or nearly touch put together.
    private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var joined: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + gapMax {
                joined[joined.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    /// Digits alone; what is past any length stays past it.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text).map { min($0, Int.max - 1) } ?? Int.max - 1
    }
}
