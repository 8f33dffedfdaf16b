// The head that every file of ours begins with: which format it is, and which kind of document.

/// The kinds of document.
package enum DocumentKind: String, CaseIterable, Sendable {
    case experiment = "Experiment"
    case topology = "Topology"
    case incident = "Incident"

    static let version = "faultline/v1"
    static let headKeys = ["apiVersion", "kind"]
}

extension DocumentKind {
    /// Reads the head; nil, and reported, when it is not one of ours.
    static func read(_ root: YAMLNode, _ log: DiagnosticLog) -> DocumentKind? {
        guard var head = Fields(root, "the file", log) else { return nil }
        let version: Checked.Reader<String> = { text throws(ValueError) in
            guard text == DocumentKind.version else {
                throw ValueError("unknown version \"\(text)\"", suggestion: DocumentKind.version)
            }
            return text
        }
        _ = head.required("apiVersion", version)
        return head.required("kind", Checked.word("kind", DocumentKind.self))
    }

    /// Whether the document is of one kind; reports what it is instead.
    static func expect(_ wanted: DocumentKind, _ root: YAMLNode, _ log: DiagnosticLog) -> Bool {
        guard let found = read(root, log) else { return false }
        guard found != wanted else { return true }
        let place = Fields(root, "the file", log)?.location(of: "kind") ?? root.location
        log.error("the kind is \(found.rawValue), where \(wanted.rawValue) is wanted", at: place)
        return false
    }
}
