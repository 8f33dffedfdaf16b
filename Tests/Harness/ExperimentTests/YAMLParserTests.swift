// The tree keeps the places of keys and values, and refuses the parts of YAML that would lose them.

import Testing

@testable import Experiment

struct YAMLParserTests {
    private func parse(_ text: String) -> (root: YAMLNode?, problems: [String]) {
        let log = DiagnosticLog()
        let root = YAMLParser.parse(text, as: SourceText(file: "t", text: text), log: log)
        return (root, log.count == 0 ? [] : log.failure().diagnostics.map(\.headline))
    }

    private func entries(_ node: YAMLNode?) throws -> [YAMLEntry] {
        guard case .mapping(let entries) = try #require(node).content else { return [] }
        return entries
    }

    @Test func `keys and values know their line and column`() throws {
        let text = "a: 1\nb:\n  - {c: x, d: [y, 'z']}\n"
        let root = try entries(parse(text).root)
        #expect(root.map(\.keyLocation.description) == ["t:1:1", "t:2:1"])
        #expect(root[0].value.location.description == "t:1:4")
        let item = try #require(root[1].value.items("b", DiagnosticLog())?.first)
        let inner = try entries(item)
        #expect(inner.map(\.keyLocation.description) == ["t:3:6", "t:3:12"])
        let list = try #require(inner[1].value.items("d", DiagnosticLog()))
        #expect(list.map(\.location.description) == ["t:3:16", "t:3:19"])
    }

    @Test func `columns count characters, not bytes`() throws {
        let root = try entries(parse("{ä: é, b: c}").root)
        #expect(root[1].keyLocation.description == "t:1:8")
    }

    @Test(arguments: [
        ("a: one of app\n", 7, "t:1:11"),  // plain
        ("a: 'one of app'\n", 7, "t:1:12"),  // the quote counts
        ("a: \"one of app\"\n", 7, "t:1:12"),
        ("a: \"on\\x65 of app\"\n", 7, "t:1:4"),  // an escape: the beginning is all that is sure
        ("a: |\n  one\n  two\n", 5, "t:3:4"),  // a block keeps its lines
        ("a: |\n\n    one\n      two\n", 8, "t:4:8"),
        ("a: >\n  one\n  two\n", 5, "t:1:4"),  // folded: the beginning
    ])
    func `a place inside a scalar is found`(text: String, offset: Int, expected: String) throws {
        let value = try #require(try entries(parse(text).root).first?.value)
        #expect(value.location(atUTF8Offset: offset).description == expected)
    }

    @Test(arguments: [
        ("a: 1\na: 2\n", "t:2:1: error: key \"a\" appears twice; first on line 1"),
        (
            "a: &x 1\n",
            "t:1:4: error: anchors are not supported, as aliases are not"
        ),
        (
            "a: !!str 1\n",
            "t:1:4: error: tag tag:yaml.org,2002:str: tags are not supported, every key "
                + "knows its type"
        ),
        ("[a]: 1\n", "t:1:1: error: a key must be a word"),
        ("a: 1\n---\nb: 2\n", "t:2:1: error: a second document; one file holds one"),
        ("", "t: error: the file holds no document"),
        ("# nothing\n", "t: error: the file holds no document"),
    ])
    func `what would lose its place is refused`(text: String, expected: String) {
        #expect(parse(text).problems == [expected])
    }

    @Test func `an alias is refused where it stands`() {
        let problems = parse("a: &x 1\nb: *x\n").problems
        #expect(
            problems.last
                == "t:2:4: error: alias *x: aliases are not supported, write the value out")
    }

    @Test(arguments: ["a: [1, 2\n", "a: b: c\n", "\ta: 1\n", "a: \"x\n", "a: 1\nb\n", "%"])
    func `text that is no YAML is refused with a place`(text: String) throws {
        let problem = try #require(parse(text).problems.first)
        #expect(problem.hasPrefix("t:"))
        #expect(problem.contains(": error: not valid YAML: "))
        #expect(parse(text).root == nil)
    }

    @Test func `deep nesting is refused before it can exhaust the stack`() {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(parse(deep).problems == ["t:1:33: error: nested deeper than 32 levels"])
    }

    @Test func `a huge file is refused unread`() {
        let huge = String(repeating: "# padding\n", count: 1 << 19)
        #expect(parse(huge).problems == ["t: error: the file is larger than 4 MiB"])
    }

    @Test func `embedded text keeps the places of the file around it`() throws {
        let log = DiagnosticLog()
        let source = SourceText(file: "t", text: "a: 1\nb: 2\n", lineOffset: 10, columnOffset: 4)
        let root = try entries(YAMLParser.parse("a: 1\nb: 2\n", as: source, log: log))
        #expect(root[1].value.location.description == "t:12:8")
    }
}

struct DiagnosticTests {
    @Test func `a diagnostic shows its line with a caret`() {
        let log = DiagnosticLog()
        log.add(SourceText(file: "x.yaml", text: "method:\n\t- {traget: app}\n"))
        log.unknown(
            "key", "traget", among: ["target", "at"],
            at: SourceLocation(file: "x.yaml", line: 2, column: 5))
        #expect(
            log.failure().description == """
                x.yaml:2:5: error: unknown key "traget"; did you mean "target"?
                    \t- {traget: app}
                    \t   ^
                """)
    }

    @Test func `a file as a whole has no line`() {
        let diagnostic = Diagnostic("cannot be read", at: .file("x.yaml"))
        #expect(diagnostic.description == "x.yaml: error: cannot be read")
    }

    @Test func `problems are sorted by place and told once`() {
        let log = DiagnosticLog()
        let second = SourceLocation(file: "x", line: 2, column: 1)
        log.error("b", at: second)
        log.error("a", at: SourceLocation(file: "x", line: 1, column: 9))
        log.error("b", at: second)
        #expect(log.failure().diagnostics.map(\.message) == ["a", "b"])
    }
}
