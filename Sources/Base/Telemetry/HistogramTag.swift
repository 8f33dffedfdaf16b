// Which of several histograms of one interval a log line carries: an operation, a tier, a phase.

/// A name that the interval log can carry, where comma and white space end a field.
package struct HistogramTag: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// nil for an empty text and for one with a comma, a space or a control character.
    package init?(_ text: String) {
        let isLegal = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ",") }
        guard isLegal, !text.isEmpty else { return nil }
        self.text = text
    }

    package var description: String { text }
}
