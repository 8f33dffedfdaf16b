// Words that do not belong in the sources, and the prose that each file opens with.

import Testing

struct WordTests {
    /// What code must not say. `Foundation` costs every process of the stack its start-up time.
    private static let banned = [
        "try!", "as!", "fatalError(", "import Foundation", "public ", "@_exported",
    ]

    /// Notes to oneself, in comments too: fix it, or write the limit down.
    private static let notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "Placeholder" + " until"]

    /// Places that only exist on the machine where the text was written.
    private static let places = ["/" + "work/", "/" + "root/", "/" + "home/"]

    /// Words about how the text was made, not about what it is.
    private static let makings = ["pro" + "mpt", "chat" + "bot", "ll" + "m", "work" + "tree"]

    /// Names that say nothing of what is in a file.
    private static let vague = ["Utils", "Helpers", "Common", "Misc"]

    static func bannedCode(_ file: SourceFile) -> [String] {
        let lines = file.code.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().flatMap { number, line in
            banned.filter { hasWord($0, in: line) }.map { "\(file.path):\(number + 1): \($0)" }
        }
    }

    /// `as!` is not found in `has!`.
    private static func hasWord(_ word: String, in line: Substring) -> Bool {
        line.ranges(of: word).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !before.isLetter && before != "_"
        }
    }

    static func found(_ words: [String], in file: SourceFile) -> [String] {
        file.lines.enumerated().flatMap { number, line in
            words.filter { line.contains($0) }.map { "\(file.path):\(number + 1): \($0)" }
        }
    }

    /// Whole words, in any case.
    static func foundWhole(_ words: [String], in file: SourceFile) -> [String] {
        file.lines.enumerated().flatMap { number, line in
            let spoken = Set(line.lowercased().split { !$0.isLetter }.map(String.init))
            return words.filter { spoken.contains($0) || spoken.contains($0 + "s") }
                .map { "\(file.path):\(number + 1): \($0)" }
        }
    }

    static func hasOpening(_ file: SourceFile) -> Bool {
        guard let first = file.lines.first, first.hasPrefix("// ") else { return false }
        // A sentence, and not the name of the file.
        return first.split(separator: " ").count > 3 && !first.contains(".swift")
    }

    @Test func `no source says what must not be said in code`() throws {
        #expect(try SourceTree.swift(under: "Sources").flatMap(Self.bannedCode) == [])
    }

    @Test func `no file holds a note to oneself`() throws {
        #expect(try SourceTree.all().flatMap { Self.found(Self.notes, in: $0) } == [])
    }

    @Test func `no file names a place of one machine`() throws {
        #expect(try SourceTree.all().flatMap { Self.found(Self.places, in: $0) } == [])
    }

    @Test func `no file tells how it was made`() throws {
        #expect(try SourceTree.all().flatMap { Self.foundWhole(Self.makings, in: $0) } == [])
    }

    @Test func `every Swift file opens with prose`() throws {
        let files = try SourceTree.swift(under: "Sources") + SourceTree.swift(under: "Tests")
        #expect(files.filter { !Self.hasOpening($0) }.map(\.path) == [])
    }

    @Test func `no file has a name that says nothing`() throws {
        let files = try SourceTree.swift(under: "Sources") + SourceTree.swift(under: "Tests")
        let names = files.map(\.path).filter { path in
            Self.vague.contains { path.contains("\($0).swift") || path.contains("/\($0)/") }
        }
        #expect(names == [])
    }

    @Test func `what is banned is found in code, and only there`() {
        let bad = SourceFile(
            path: "x.swift",
            text: """
                // A try! in prose is prose.
                let a = try! b()
                let c = d as! E
                let text = "fatalError(" + `as!`
                fatalError("\\(a as! F)")
                import Foundation
                public struct S {}
                let has = !is
                """)
        #expect(
            Self.bannedCode(bad) == [
                "x.swift:2: try!", "x.swift:3: as!", "x.swift:5: as!", "x.swift:5: fatalError(",
                "x.swift:6: import Foundation", "x.swift:7: public ",
            ])
    }

    @Test func `notes, places and makings are found`() {
        let note = Self.notes[0]
        let bad = SourceFile(path: "x", text: "// \(note): later\nlet p = \"\(Self.places[1])x\"")
        #expect(Self.found(Self.notes, in: bad) == ["x:1: \(note)"])
        #expect(Self.found(Self.places, in: bad) == ["x:2: \(Self.places[1])"])
        let telling = SourceFile(path: "x", text: "By \(Self.makings[2].uppercased())s, promptly.")
        #expect(Self.foundWhole(Self.makings, in: telling) == ["x:1: \(Self.makings[2])"])
    }

    @Test(arguments: [
        ("// What this is for, in a sentence.\n", true),
        ("import Linux\n", false),
        ("// x.swift of the project here\n", false),
        ("//\n", false),
        ("", false),
    ])
    func `prose is a sentence`(text: String, expected: Bool) {
        #expect(Self.hasOpening(SourceFile(path: "x.swift", text: text)) == expected)
    }
}
