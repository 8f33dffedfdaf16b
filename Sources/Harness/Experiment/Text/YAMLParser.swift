// libyaml's event stream turned into a tree. This is the one file that touches the C library.
//
// Less than YAML is accepted, on purpose: one document, plain tags, string keys, each once, and no
// anchors or aliases. An alias makes a value appear where nobody wrote it, and then no line number
// would be true; chains of them also grow exponentially.

import CYAML

enum YAMLParser {
    /// Deeper nesting than any experiment has; bounds the recursion of whatever walks the tree.
    static let depthMax = 32
    /// An experiment is a page, an incident some dozens; libyaml is slow on much longer input.
    static let bytesMax = 4 << 20

    /// Reads one document; nil when the text is no YAML at all. What is wrong goes to the log.
    static func parse(_ text: String, as source: SourceText, log: DiagnosticLog) -> YAMLNode? {
        log.add(source)
        do throws(Diagnostic) {
            return try document(in: text, source, log)
        } catch {
            log.report(error)
            return nil
        }
    }

    private static func document(
        in text: String, _ source: SourceText, _ log: DiagnosticLog
    ) throws(Diagnostic) -> YAMLNode {
        guard text.utf8.count <= bytesMax else {
            throw Diagnostic(
                "the file is larger than \(bytesMax >> 20) MiB", at: .file(source.file))
        }
        var bytes = Array(text.utf8)
        // An empty array may have no address at all, and libyaml asserts that it gets one.
        if bytes.isEmpty { bytes = Array("\n".utf8) }
        return try unsafe bytes.withUnsafeBufferPointer { buffer throws(Diagnostic) in
            var stream = unsafe EventStream(buffer, source)
            var builder = TreeBuilder(source: source, log: log)
            return try builder.document(&stream)
        }
    }
}

/// One event of the stream, copied out of libyaml's memory.
private struct Event {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(String, YAMLScalarForm)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    var kind: Kind
    var anchored = false
    var tag: String?
    var line: Int
    var column: Int
    var endLine: Int
    var endColumn: Int
}

private enum YAMLScalarForm { case plain, singleQuoted, doubleQuoted, literal, folded }

/// Owns a libyaml parser, which points into itself and therefore must not move.
///
/// Safe to its user: the pointer never leaves it, and its memory goes with it.
@safe private struct EventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let source: SourceText

    /// The buffer must outlive the stream.
    init(_ buffer: UnsafeBufferPointer<UInt8>, _ source: SourceText) {
        self.source = source
        unsafe parser = .allocate(capacity: 1)
        let ready = unsafe yaml_parser_initialize(parser)
        precondition(ready == 1, "libyaml found no memory for a parser")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    mutating func next() throws(Diagnostic) -> Event {
        var raw = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &raw) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&raw) }
        return unsafe Event(raw)
    }

    /// libyaml's complaint at its place.
    private func problem() -> Diagnostic {
        let mark = unsafe parser.pointee.problem_mark
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let words = [context, problem].compactMap { $0 }
        let location = source.location(line: Int(mark.line), column: Int(mark.column))
        return Diagnostic("not valid YAML: \(words.joined(separator: ", "))", at: location)
    }
}

extension Event {
    fileprivate init(_ raw: yaml_event_t) {
        let (start, end) = unsafe (raw.start_mark, raw.end_mark)
        line = Int(start.line)
        column = Int(start.column)
        endLine = Int(end.line)
        endColumn = Int(end.column)
        switch unsafe raw.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = .alias(unsafe text(raw.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe raw.data.scalar
            kind = unsafe .scalar(
                text(scalar.value, count: scalar.length), YAMLScalarForm(scalar.style))
            anchored = unsafe scalar.anchor != nil
            tag = unsafe text(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            anchored = unsafe raw.data.sequence_start.anchor != nil
            tag = unsafe text(raw.data.sequence_start.tag)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            anchored = unsafe raw.data.mapping_start.anchor != nil
            tag = unsafe text(raw.data.mapping_start.tag)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: kind = .streamEnd
        }
    }
}

extension YAMLScalarForm {
    fileprivate init(_ style: yaml_scalar_style_t) {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: self = .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: self = .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: self = .literal
        case YAML_FOLDED_SCALAR_STYLE: self = .folded
        default: self = .plain
        }
    }
}

private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
}

private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?, count: Int) -> String {
    let bytes = unsafe UnsafeBufferPointer(start: pointer, count: count)
    return unsafe String(decoding: bytes, as: UTF8.self)
}

/// Turns events into a tree, and turns away what the module's subset of YAML leaves out.
private struct TreeBuilder {
    let source: SourceText
    let log: DiagnosticLog
    var depth = 0

    mutating func document(_ stream: inout EventStream) throws(Diagnostic) -> YAMLNode {
        _ = try stream.next()
        let start = try stream.next()
        guard case .documentStart = start.kind else {
            throw Diagnostic("the file holds no document", at: .file(source.file))
        }
        let root = try node(try stream.next(), &stream)
        _ = try stream.next()
        let after = try stream.next()
        guard case .streamEnd = after.kind else {
            throw Diagnostic("a second document; one file holds one", at: location(of: after))
        }
        return root
    }

    private mutating func node(
        _ event: Event, _ stream: inout EventStream
    ) throws(Diagnostic) -> YAMLNode {
        reportExtras(event)
        depth += 1
        defer { depth -= 1 }
        guard depth <= YAMLParser.depthMax else {
            throw Diagnostic(
                "nested deeper than \(YAMLParser.depthMax) levels", at: location(of: event))
        }
        let content: YAMLNode.Content
        switch event.kind {
        case .scalar(let text, let form): content = .scalar(text, style(of: event, text, form))
        case .sequenceStart: content = .sequence(try sequence(&stream))
        case .mappingStart: content = .mapping(try mapping(&stream))
        case .alias: content = .rejected
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd,
            .mappingEnd:
            throw Diagnostic("a value was expected here", at: location(of: event))
        }
        return YAMLNode(content: content, location: location(of: event))
    }

    private mutating func sequence(_ stream: inout EventStream) throws(Diagnostic) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try stream.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(event, &stream))
        }
    }

    private mutating func mapping(_ stream: inout EventStream) throws(Diagnostic) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var first: [String: SourceLocation] = [:]
        while true {
            let event = try stream.next()
            if case .mappingEnd = event.kind { return entries }
            guard case .scalar(let key, _) = event.kind else {
                throw Diagnostic("a key must be a word", at: location(of: event))
            }
            reportExtras(event)
            let place = location(of: event)
            let value = try node(try stream.next(), &stream)
            if let earlier = first[key] {
                log.error(
                    "key \"\(key)\" appears twice; first on line \(earlier.line)", at: place)
            } else {
                first[key] = place
                entries.append(YAMLEntry(key: key, keyLocation: place, value: value))
            }
        }
    }

    private func reportExtras(_ event: Event) {
        if case .alias(let name) = event.kind {
            log.error(
                "alias *\(name): aliases are not supported, write the value out",
                at: location(of: event))
        }
        if event.anchored {
            log.error(
                "anchors are not supported, as aliases are not", at: location(of: event))
        }
        if let tag = event.tag {
            log.error(
                "tag \(tag): tags are not supported, every key knows its type",
                at: location(of: event))
        }
    }

    private func location(of event: Event) -> SourceLocation {
        source.location(line: event.line, column: event.column)
    }

    private func style(of event: Event, _ text: String, _ form: YAMLScalarForm) -> ScalarStyle {
        switch form {
        case .plain: return .plain
        case .folded: return .folded
        case .singleQuoted, .doubleQuoted:
            let width = text.unicodeScalars.count + 2
            let verbatim = event.endLine == event.line && event.endColumn - event.column == width
            return .quoted(verbatim: verbatim)
        case .literal:
            return .literal(
                firstLine: source.location(line: event.line + 1, column: 0).line,
                indentation: source.indentation(ofBlockAfter: event.line, holding: text)
                    + source.columnOffset)
        }
    }
}

extension SourceText {
    /// The columns that stand before the text of a literal block in its file.
    fileprivate func indentation(ofBlockAfter line: Int, holding text: String) -> Int {
        let isBlank = { (line: Substring) in line.allSatisfy { $0 == " " } }
        let raw = lines.dropFirst(line + 1).first { !isBlank($0) }
        let content = text.split(separator: "\n").first { !isBlank($0) }
        let spaces = { (line: Substring?) in line.map { $0.prefix { $0 == " " }.count } ?? 0 }
        return max(0, spaces(raw) - spaces(content))
    }
}
