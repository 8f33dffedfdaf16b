// The manifest as the tidy tests read it: the names of its targets and what each says that it uses.

/// One target of Package.swift.
struct ManifestTarget: Equatable, Sendable {
    /// `base`, `tier`, `harness`, `command`, `tests` or `library`, as the manifest's own functions.
    var kind: String
    var name: String
    var uses: Set<String>
}

struct Manifest: Sendable {
    let targets: [ManifestTarget]

    static func read() throws -> Manifest {
        let files = try SourceTree.all().filter { $0.path == "Package.swift" }
        return Manifest(parsing: files.map(\.text).joined())
    }

    /// Reads calls such as `tier("Store", "Raft", "Linux")` after the word `targets:`.
    init(parsing text: String) {
        guard let start = text.firstRange(of: "targets: [\n        ") else {
            targets = []
            return
        }
        let call = /\b(base|tier|harness|command|tests|library)\(([^()]*)\)/
        targets = text[start.upperBound...].matches(of: call).map { match in
            let words = match.2.matches(of: /"([^"]*)"/).map { String($0.1) }
            return ManifestTarget(kind: String(match.1), words: words)
        }
    }

    func target(_ name: String) -> ManifestTarget? { targets.first { $0.name == name } }

    func names(_ kinds: String...) -> Set<String> {
        Set(targets.filter { kinds.contains($0.kind) }.map(\.name))
    }
}

extension ManifestTarget {
    fileprivate init(kind: String, words: [String]) {
        self.kind = kind
        switch kind {
        case "tests":
            name = "\(words[1])Tests"
            uses = Set(words.dropFirst())
        case "library":
            name = words[0]
            uses = []
        default:
            name = words[0]
            uses = Set(words.dropFirst())
        }
    }
}
