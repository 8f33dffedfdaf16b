// A program that is not ours in the place of a tier: how it is started, and the files it reads.

/// A command line with its environment and files, all of them templates.
package struct ExecSpec: Sendable, Equatable {
    /// The program and its arguments; never empty.
    package var arguments: [Template]
    /// In the order of the file.
    package var environment: [NamedTemplate]
    package var files: [NamedTemplate]

    /// The tiers whose addresses the templates ask for.
    package var references: [String] {
        let templates = arguments + environment.map(\.value) + files.map(\.value)
        var seen: Set<String> = []
        return templates.flatMap(\.references).map(\.tier).filter { seen.insert($0).inserted }
    }
}

/// A variable of the environment, or a file by its bare name.
package struct NamedTemplate: Sendable, Equatable {
    package var name: String
    package var value: Template
}

/// A text with placeholders such as `{{port}}`, parsed once, so that rendering cannot fail.
package struct Template: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text(String)
        case value(Placeholder)
    }

    package enum Placeholder: Sendable, Hashable {
        /// The node's IPv4 address, its port and the port for its peers.
        case address, port, peerPort
        /// The node's data folder, and the folder of its rendered files.
        case folder, files
        /// The node's name, and its number within the tier.
        case name, index
        /// The address of one node of a tier, by its number from 1; without a number, of the first.
        case addressOf(String, number: Int)
        /// The port of a tier's nodes.
        case portOf(String)
        /// All of a tier's nodes as `ip:port`, with commas between.
        case addressesOf(String)
    }

    package var parts: [Part]

    /// The tiers that the text names, and which node of each; nil: no one in particular.
    package var references: [(tier: String, number: Int?)] {
        parts.compactMap { part in
            switch part {
            case .value(.addressOf(let tier, let number)): (tier, number)
            case .value(.portOf(let tier)), .value(.addressesOf(let tier)): (tier, nil)
            case .text, .value: nil
            }
        }
    }

    package func render(_ value: (Placeholder) -> String) -> String {
        parts.map {
            switch $0 {
            case .text(let text): text
            case .value(let placeholder): value(placeholder)
            }
        }.joined()
    }
}

extension Template {
    private static let plain: [String: Placeholder] = [
        "address": .address, "port": .port, "peer-port": .peerPort, "folder": .folder,
        "files": .files, "name": .name, "index": .index,
    ]

    /// Reads `{{...}}`; a lone brace is text.
    init(parsing text: String) throws(ValueError) {
        parts = []
        var rest = Substring(text)
        while let open = rest.firstRange(of: "{{") {
            if open.lowerBound > rest.startIndex {
                parts.append(.text(String(rest[..<open.lowerBound])))
            }
            let offset = text.utf8.distance(from: text.startIndex, to: open.lowerBound)
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw ValueError("\"{{\" without \"}}\"", offset: offset)
            }
            let word = rest[open.upperBound..<close.lowerBound]
            parts.append(.value(try Template.placeholder(String(word), offset: offset)))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
    }

    private static func placeholder(
        _ word: String, offset: Int
    ) throws(ValueError) -> Placeholder {
        let name = word.trimmingSpaces
        if let known = plain[name] { return known }
        let families: [(String, (String) -> Placeholder)] = [
            ("address.of.", Placeholder.addressOf), ("port.of.", { .portOf($0) }),
            ("addresses.of.", { .addressesOf($0) }),
        ]
        for (prefix, make) in families where name.hasPrefix(prefix) {
            return make(String(name.dropFirst(prefix.count)))
        }
        let valid = plain.keys.sorted() + families.map { "\($0.0)TIER" }
        let nearest = NearestWord.find(name, among: plain.keys.sorted())
        let list = nearest == nil ? "; valid here: \(valid.joined(separator: ", "))" : ""
        throw ValueError(
            "unknown placeholder \"\(name)\"\(list)", suggestion: nearest, offset: offset)
    }
}

extension Template.Placeholder {
    /// `TIER` or `TIER.NUMBER`.
    fileprivate static func addressOf(_ text: String) -> Self {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[1]), number > 0 else {
            return .addressOf(text, number: 1)
        }
        return .addressOf(String(parts[0]), number: number)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
