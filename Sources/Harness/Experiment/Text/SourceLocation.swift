// Where in which file a value was written. Every parsed value keeps its place, so that an error
// found late, such as a target that matches nothing, still points at the word that caused it.

/// A place in a text file; line and column count from 1, columns in Unicode scalars.
package struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// 0 when the whole file is meant, as when it cannot be read.
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// The file as a whole.
    package static func file(_ path: String) -> SourceLocation {
        SourceLocation(file: path, line: 0, column: 0)
    }

    package var description: String { line == 0 ? file : "\(file):\(line):\(column)" }
}

/// A text and the place that its first character has in a file.
///
/// An incident embeds whole experiments, indented; the offsets keep their lines and columns true.
struct SourceText: Sendable {
    let file: String
    let text: String
    let lineOffset: Int
    let columnOffset: Int

    init(file: String, text: String, lineOffset: Int = 0, columnOffset: Int = 0) {
        self.file = file
        self.lineOffset = lineOffset
        self.columnOffset = columnOffset
        self.text = text
    }

    /// Split when asked, which is only for print: a good file is never split.
    var lines: [Substring] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    /// The location of a zero-based line and column of this text.
    func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(
            file: file, line: line + 1 + lineOffset, column: column + 1 + columnOffset)
    }

    /// The line that a location names, without its indentation in an enclosing file.
    func line(at location: SourceLocation) -> String? {
        let index = location.line - 1 - lineOffset
        guard location.file == file, location.line > 0 else { return nil }
        let lines = lines
        guard lines.indices.contains(index) else { return nil }
        return String(repeating: " ", count: columnOffset) + lines[index]
    }
}
