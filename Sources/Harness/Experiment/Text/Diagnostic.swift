// What is wrong with a file, said the way compilers say it: place, problem, the nearest valid word,
// and the line itself with a caret. A loader collects all of them before it gives up, so that a
// person mends a file in one go.

/// One problem in one file.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    package var location: SourceLocation
    package var message: String
    /// The word that was probably meant.
    package var suggestion: String?
    /// The offending line of the file, for print.
    package var sourceLine: String?

    package init(
        _ message: String, at location: SourceLocation, suggestion: String? = nil,
        sourceLine: String? = nil
    ) {
        self.location = location
        self.message = message
        self.suggestion = suggestion
        self.sourceLine = sourceLine
    }

    /// The first line alone, as `a.yaml:12:7: error: unknown key "traget"; did you mean "target"?`.
    package var headline: String {
        let question = suggestion.map { "; did you mean \"\($0)\"?" } ?? ""
        return "\(location): error: \(message)\(question)"
    }

    package var description: String {
        guard let sourceLine, location.column > 0 else { return headline }
        // Tabs are kept, so that the caret stands right whatever their width.
        let lead = sourceLine.unicodeScalars.prefix(location.column - 1)
            .map { $0 == "\t" ? "\t" : " " }.joined()
        return "\(headline)\n    \(sourceLine)\n    \(lead)^"
    }
}

/// A file that cannot be run, with everything that is wrong with it in the order of its lines.
package struct InvalidExperiment: Error, Equatable, Sendable, CustomStringConvertible {
    /// Never empty.
    package let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        precondition(!diagnostics.isEmpty, "an invalid file has at least one problem")
        self.diagnostics = diagnostics
    }

    package var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}

/// Collects problems while a file is read; all readers of one load share it.
final class DiagnosticLog {
    private var sources: [SourceText] = []
    private var found: [Diagnostic] = []

    /// Problems so far.
    var count: Int { found.count }

    /// Makes the lines of a text known, so that its problems can show them.
    func add(_ source: SourceText) { sources.append(source) }

    func error(
        _ message: String, at location: SourceLocation, suggestion: String? = nil
    ) {
        report(Diagnostic(message, at: location, suggestion: suggestion))
    }

    func report(_ diagnostic: Diagnostic) {
        var diagnostic = diagnostic
        // The text added last is the most deeply embedded one.
        diagnostic.sourceLine =
            sources.reversed().lazy
            .compactMap { $0.line(at: diagnostic.location) }.first
        if !found.contains(diagnostic) { found.append(diagnostic) }
    }

    /// Reports a word outside a closed list, with its nearest neighbour or the whole list.
    func unknown(
        _ noun: String, _ word: String, among valid: [String], at location: SourceLocation
    ) {
        let nearest = NearestWord.find(word, among: valid)
        let list =
            nearest == nil && !valid.isEmpty
            ? "; valid here: \(valid.joined(separator: ", "))" : ""
        error("unknown \(noun) \"\(word)\"\(list)", at: location, suggestion: nearest)
    }

    /// All problems by file and place, as an error.
    func failure() -> InvalidExperiment {
        let files = found.map(\.location.file)
        let order = Dictionary(
            files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return InvalidExperiment(
            found.sorted { left, right in
                let leftKey = (
                    order[left.location.file, default: 0], left.location.line,
                    left.location.column
                )
                return leftKey < (
                    order[right.location.file, default: 0], right.location.line,
                    right.location.column
                )
            })
    }
}
