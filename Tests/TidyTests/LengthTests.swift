// Lengths: a file holds one idea and a function fits on a screen.

import Testing

struct LengthTests {
    private static let fileMax = 500
    private static let functionMax = 70

    /// Functions and initialisers with a body, with the lines from their first word to the last brace.
    static func functions(_ file: SourceFile) -> [(name: String, lines: Int)] {
        let code = file.code
        let starts = code.matches(of: /\b(?:func\s+([^\s(<]*)|(init)[?]?(?=[(<])|(deinit)\b)/)
        return starts.compactMap { match in
            if match.2 != nil, !isDeclaration(code, match.range.lowerBound) { return nil }
            guard let body = body(code[match.range.upperBound...]) else { return nil }
            let lines = code[match.range.lowerBound..<body].count { $0 == "\n" } + 1
            let name = match.1 ?? match.2 ?? match.3 ?? ""
            return (name.isEmpty ? "a function with a raw name" : String(name), lines)
        }
    }

    /// `self.init(` and `.init(` are calls.
    private static func isDeclaration(_ code: String, _ start: String.Index) -> Bool {
        start == code.startIndex || code[code.index(before: start)] != "."
    }

    /// Where the body ends; nil where there is none, as in a protocol.
    private static func body(_ signature: Substring) -> String.Index? {
        var (round, curly) = (0, 0)
        for index in signature.indices {
            switch signature[index] {
            case "(": round += 1
            case ")": round -= 1
            case "{" where round == 0: curly += 1
            case "}" where round == 0:
                curly -= 1
                if curly < 0 { return nil }
                if curly == 0 { return signature.index(after: index) }
            case "\n" where round == 0 && curly == 0:
                let next = signature[index...].drop { $0.isWhitespace }
                let declarations = [
                    "func ", "var ", "init", "static ", "mutating ", "package ", "@",
                ]
                if declarations.contains(where: { next.hasPrefix($0) }) { return nil }
            default: break
            }
        }
        return nil
    }

    @Test func `no file is longer than 500 lines`() throws {
        let long = try SourceTree.swift(under: "Sources").filter { $0.lines.count > Self.fileMax }
        #expect(long.map(\.path) == [])
    }

    @Test func `no function is longer than 70 lines`() throws {
        let files = try SourceTree.swift(under: "Sources")
        let all = files.flatMap { file in
            Self.functions(file).map { (place: "\(file.path): \($0.name)", lines: $0.lines) }
        }
        let long = all.filter { $0.lines > Self.functionMax }
        #expect(long.map { "\($0.place), \($0.lines) lines" } == [])
        // The median is the better half of the habit.
        let median = all.map(\.lines).sorted()[all.count / 2]
        #expect(median < 10)
    }

    @Test func `functions are measured by their braces`() {
        let file = SourceFile(
            path: "x.swift",
            text: #"""
                protocol P {
                    func none(_ a: Int)
                    init(b: Int)
                }
                struct S: P {
                    func none(_ a: Int) {}
                    init(
                        b: Int
                    ) {
                        self.init(c: "}")  // }
                        run {
                            print("\(b) {")
                        }
                    }
                    func last<T>(_ t: T) where T: P { () }
                }
                """#)
        #expect(Self.functions(file).map(\.name) == ["none", "init", "last"])
        #expect(Self.functions(file).map(\.lines) == [1, 8, 1])
    }
}
