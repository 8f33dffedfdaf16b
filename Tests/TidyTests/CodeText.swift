// Swift text reduced to its code, by a scanner that knows comments, strings and interpolation and
// nothing else of the language: enough to count braces and to look for words.

struct CodeText {
    private let text: [UInt8]
    private var place = 0
    private var output: [UInt8] = []

    /// The text with the same lines, but blanks for every byte that is not code.
    static func blanked(_ text: String) -> String {
        var scanner = CodeText(Array(text.utf8))
        scanner.code(until: nil)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private init(_ text: [UInt8]) {
        self.text = text
        output.reserveCapacity(text.count)
    }

    /// Copies code up to a closing bracket that was not opened here; strings within are blanked.
    private mutating func code(until end: UInt8?) {
        var depth = 0
        while place < text.count {
            let byte = text[place]
            if byte == UInt8(ascii: "/"), starts("//") {
                blank(until: UInt8(ascii: "\n"))
            } else if byte == UInt8(ascii: "/"), starts("/*") {
                blockComment()
            } else if byte == UInt8(ascii: "`") {
                blank(count: 1)
                blank(until: byte)
                blank(count: 1)
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#"),
                let marks = stringOpening()
            {
                string(hashes: marks.hashes, quotes: marks.quotes)
            } else {
                if byte == end {
                    if depth == 0 { return }
                    depth -= 1
                }
                if end != nil, byte == UInt8(ascii: "(") { depth += 1 }
                output.append(byte)
                place += 1
            }
        }
    }

    private func starts(_ mark: String) -> Bool { text[place...].starts(with: mark.utf8) }

    private mutating func blank(count: Int) {
        for byte in text[place...].prefix(count) {
            output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
            place += 1
        }
    }

    private mutating func blank(until end: UInt8) {
        blank(count: (text[place...].firstIndex(of: end) ?? text.endIndex) - place)
    }

    /// Block comments nest.
    private mutating func blockComment() {
        var depth = 0
        while place < text.count {
            if starts("/*") {
                depth += 1
                blank(count: 2)
            } else if starts("*/") {
                depth -= 1
                blank(count: 2)
                if depth == 0 { return }
            } else {
                blank(count: 1)
            }
        }
    }

    private func stringOpening() -> (hashes: Int, quotes: Int)? {
        let hashes = text[place...].prefix { $0 == UInt8(ascii: "#") }.count
        let quotes = text[(place + hashes)...].prefix { $0 == UInt8(ascii: "\"") }.count
        if quotes == 0 { return nil }
        return (hashes, quotes >= 3 ? 3 : 1)
    }

    private mutating func string(hashes: Int, quotes: Int) {
        let marks = String(repeating: "#", count: hashes)
        let close = String(repeating: "\"", count: quotes) + marks
        let escape = "\\" + marks
        blank(count: hashes + quotes)
        while place < text.count {
            if starts(close) {
                blank(count: close.utf8.count)
                return
            }
            if starts(escape + "(") {
                blank(count: escape.utf8.count + 1)
                code(until: UInt8(ascii: ")"))
                blank(count: 1)
            } else if starts(escape) {
                blank(count: escape.utf8.count + 1)
            } else {
                if text[place] == UInt8(ascii: "\n"), quotes == 1 { return }
                blank(count: 1)
            }
        }
    }
}
