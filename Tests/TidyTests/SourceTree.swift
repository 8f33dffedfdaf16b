// The repository as the tidy tests read it: by this file's place in it, so that they check the very
// sources that they were built from.

import Linux

/// One text file, by its path from the root.
struct SourceFile: Sendable, CustomStringConvertible {
    let path: String
    let text: String
    /// The text with comments, strings and raw identifiers blanked out; the same lines.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? CodeText.blanked(text) : ""
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var description: String { path }

    /// `Sources/Base/Wire/JSON.swift` is of the module `Wire` in the group `Base`.
    var place: (group: String, module: String)? {
        let parts = path.split(separator: "/")
        guard parts.count >= 4, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return (String(parts[1]), String(parts[2]))
    }
}

enum SourceTree {
    static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    /// What a clone holds at its top. Compilers and editors may leave files of their own beside it.
    private static let top = [
        ".ci", ".gitignore", ".swift-format", "LICENSE", "Package.swift", "README.md", "Sources",
        "Tests", "experiments", "fixtures",
    ]

    /// All text files that belong to the repository: no build products, no runs, no binaries.
    static func all() throws -> [SourceFile] { try read.get() }

    /// All Swift files under a folder of the root, in the order of their paths.
    static func swift(under folder: String) throws -> [SourceFile] {
        try all().filter { $0.path.hasPrefix("\(folder)/") && $0.path.hasSuffix(".swift") }
    }

    /// Read once for all tests.
    private static let read = Result { try top.flatMap { try files(under: $0) } }

    private static func files(under path: String) throws -> [SourceFile] {
        let full = "\(root)/\(path)"
        if File.isDirectory(full) {
            return try File.list(full).flatMap { try files(under: "\(path)/\($0)") }
        }
        let bytes = try File.contents(of: full)
        guard !bytes.contains(0) else { return [] }
        return [SourceFile(path: path, text: String(decoding: bytes, as: UTF8.self))]
    }
}
