// The way in: a path becomes a validated document, or all that is wrong with it.

import Linux

/// What a file turned out to hold.
package enum LoadedDocument: Sendable {
    case experiment(ExperimentPlan)
    case topology(Topology)
    case incident(Incident)

    package var name: String {
        switch self {
        case .experiment(let plan): plan.name
        case .topology(let topology): topology.name
        case .incident(let incident): incident.experiment.name
        }
    }
}

/// Loads and validates files; nothing is started.
package enum ExperimentLoader {
    /// Loads an experiment with the topology that it names.
    package static func load(path: String) throws(InvalidExperiment) -> ExperimentPlan {
        try read(path, .experiment) { root, text, log in
            experiment(root, path, text, log)
        }
    }

    package static func topology(path: String) throws(InvalidExperiment) -> Topology {
        try read(path, .topology) { root, text, log in
            TopologyReader(log: log).topology(root, source: path, text: text)
        }
    }

    package static func incident(path: String) throws(InvalidExperiment) -> Incident {
        try read(path, .incident) { root, text, log in
            IncidentReader(log: log).incident(root, source: path)
        }
    }

    /// Loads whatever kind of document the file says that it is.
    package static func document(path: String) throws(InvalidExperiment) -> LoadedDocument {
        let log = DiagnosticLog()
        guard let text = text(of: path, log),
            let root = YAMLParser.parse(text, as: SourceText(file: path, text: text), log: log),
            let kind = DocumentKind.read(root, log)
        else { throw log.failure() }
        switch kind {
        case .experiment: return .experiment(try load(path: path))
        case .topology: return .topology(try topology(path: path))
        case .incident: return .incident(try incident(path: path))
        }
    }

    /// Reads a file of one kind; throws when anything at all was reported.
    private static func read<Value>(
        _ path: String, _ wanted: DocumentKind,
        _ body: (YAMLNode, String, DiagnosticLog) -> Value?
    ) throws(InvalidExperiment) -> Value {
        let log = DiagnosticLog()
        let value = text(of: path, log).flatMap { text in
            root(of: text, path, wanted, log).flatMap { body($0, text, log) }
        }
        guard log.count == 0, let value else { throw log.failure() }
        return value
    }

    private static func text(of path: String, _ log: DiagnosticLog) -> String? {
        do throws(SyscallError) {
            return try File.text(of: path)
        } catch {
            log.error("cannot be read: \(error)", at: .file(path))
            return nil
        }
    }

    /// The tree of a text, when it is a document of the wanted kind.
    private static func root(
        of text: String, _ path: String, _ wanted: DocumentKind, _ log: DiagnosticLog
    ) -> YAMLNode? {
        let source = SourceText(file: path, text: text)
        guard let root = YAMLParser.parse(text, as: source, log: log) else { return nil }
        return DocumentKind.expect(wanted, root, log) ? root : nil
    }

    private static func experiment(
        _ root: YAMLNode, _ path: String, _ text: String, _ log: DiagnosticLog
    ) -> ExperimentPlan? {
        ExperimentReader(log: log).experiment(root, source: path, text: text) { node in
            node.scalar("\"topology\"", log, Checked.text)
                .flatMap { topology(named: $0, in: path, at: node.location, log) }
        }
    }

    /// Loads the topology that an experiment names, by a path relative to the experiment's file.
    private static func topology(
        named name: String, in experiment: String, at place: SourceLocation, _ log: DiagnosticLog
    ) -> Topology? {
        let path = FilePath.join(FilePath.folder(of: experiment), name)
        guard File.exists(path), !File.isDirectory(path) else {
            let folder = FilePath.folder(of: path)
            let siblings = (try? File.list(folder)) ?? []
            let near = NearestWord.find(FilePath.name(of: path), among: siblings)
            log.error(
                "no topology file \(path)", at: place,
                suggestion: near.map { FilePath.sibling(of: name, named: $0) })
            return nil
        }
        guard let text = text(of: path, log), let root = root(of: text, path, .topology, log)
        else { return nil }
        return TopologyReader(log: log).topology(root, source: path, text: text)
    }
}

/// Paths as texts; `..` is folded away, so that errors name a file the short way.
enum FilePath {
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static func sibling(of path: String, named name: String) -> String {
        let folder = folder(of: path)
        return folder.isEmpty ? name : folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    static func join(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty { return path }
        var parts = folder.split(separator: "/", omittingEmptySubsequences: true)
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != "..", last != "." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return folder.hasPrefix("/") ? "/\(joined)" : joined
    }
}
