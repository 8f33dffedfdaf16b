// A YAML document as a tree whose every value and key knows its line and column. libyaml gives
// events; the rest of the module wants to ask "what is under this key, and where was it written".

/// A value of a YAML file and its place.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// Kept as text: what a number or a duration is, the reader of the key decides.
        case scalar(String, ScalarStyle)
        case sequence([YAMLNode])
        /// In the order of the file; keys are unique.
        case mapping([YAMLEntry])
        /// Something that was reported already; readers pass over it in silence.
        case rejected
    }

    var content: Content
    var location: SourceLocation

    /// What the value is, for messages.
    var kind: String {
        switch content {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .rejected: "no value"
        }
    }

    /// The place of a character inside a scalar.
    ///
    /// Exact when the scalar stands on one line without escapes; its beginning otherwise, and for
    /// a literal block the very line and column.
    func location(atUTF8Offset offset: Int) -> SourceLocation {
        guard case .scalar(let text, let style) = content else { return location }
        var place = location
        let before = Substring(text.utf8.prefix(offset))
        switch style {
        case .plain where !text.contains(where: \.isNewline):
            place.column += before.unicodeScalars.count
        case .quoted(verbatim: true):
            place.column += before.unicodeScalars.count + 1
        case .literal(let firstLine, let indentation):
            let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
            place.line = firstLine + lines.count - 1
            place.column = indentation + (lines.last?.unicodeScalars.count ?? 0) + 1
        case .plain, .quoted, .folded: break
        }
        return place
    }
}

enum ScalarStyle: Sendable, Equatable {
    case plain
    /// Verbatim when the text between the quotes is the value letter by letter.
    case quoted(verbatim: Bool)
    /// A `|` block: the line its text begins on and the columns of indentation before it.
    case literal(firstLine: Int, indentation: Int)
    case folded
}

struct YAMLEntry: Sendable {
    var key: String
    var keyLocation: SourceLocation
    var value: YAMLNode
}
