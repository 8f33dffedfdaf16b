// Range requests answered from a stored response (RFC 9110 section 14).

/// What a Range field asks of content of a known length.
package enum ByteRange: Equatable, Sendable {
    /// No range, one that is malformed, in other units, or several at once: the whole is sent,
    /// which every client of ranges must take (section 14.2).
    case whole
    case part(Range<Int>)
    /// 416: nothing of it lies within the content.
    case unsatisfiable

    package init(_ field: String?, length: Int) {
        guard let field, let set = Self.set(field), !set.contains(",") else {
            self = .whole
            return
        }
        let ends = set.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else {
            self = .whole
            return
        }
        switch (Self.number(ends[0]), Self.number(ends[1])) {
        case (nil, let suffix?) where ends[0].isEmpty:
            let start = Swift.max(0, length - suffix)
            self = suffix == 0 || length == 0 ? .unsatisfiable : .part(start..<length)
        case (let first?, nil) where ends[1].isEmpty:
            self = first < length ? .part(first..<length) : .unsatisfiable
        case (let first?, let last?) where first <= last:
            self = first < length ? .part(first..<min(last + 1, length)) : .unsatisfiable
        default: self = .whole
        }
    }

    private static func set(_ field: String) -> Substring? {
        guard let equals = field.firstIndex(of: "=") else { return nil }
        guard field[..<equals].lowercased() == "bytes" else { return nil }
        return field[field.index(after: equals)...].trimmingBlanks
    }

    /// Digits alone; what is past any length stays past it.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text).map { Swift.min($0, Int.max - 1) } ?? Int.max - 1
    }
}
