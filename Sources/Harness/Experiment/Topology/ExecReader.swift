// Reads the half of a tier that is any other program: its command, environment, files and probes.

import Blueprint

extension TierReader {
    mutating func exec(_ fields: inout Fields) -> TierSpec? {
        fields.forbid(
            "role",
            "a tier has either \"role\" or \"exec\"; say \"serves\" for what it stands for")
        hasPeerPort = fields.has("peer-port")
        let arguments = templates(fields.take("exec"), "\"exec\"")
        let kind = fields.optional("serves", Checked.word("role", TierKind.self))
        let regions = regions(&fields)
        let shape = shape(&fields, of: kind, countUsual: max(1, regions.count))
        let port = fields.required("port", Checked.port)
        let peerPort = peerPort(&fields, besides: port)
        let environment = named(fields.take("environment"), "\"environment\"", variableName)
        let files = named(fields.take("files"), "\"files\"", fileName)
        let ready = fields.take("ready").map { probe($0, "\"ready\"") } ?? Probe.tcp
        let roleProbe = fields.take("role-probe").flatMap { self.roleProbe($0) }
        let budget = fields.take("budget").flatMap { NodeBudget.read($0, log) }
        fields.finish()
        guard let port, let ready, let first = arguments.first, !first.parts.isEmpty else {
            return nil
        }
        let spec = ExecSpec(arguments: arguments, environment: environment, files: files)
        return TierSpec(
            name: entry.key, location: entry.keyLocation, kind: kind, shape: shape,
            regions: regions, program: .exec(spec), port: port, peerPort: peerPort, ready: ready,
            roleProbe: roleProbe, budget: budget)
    }

    private mutating func template(_ node: YAMLNode, _ noun: String) -> Template? {
        let read: Checked.Reader<Template> = { text throws(ValueError) in
            try Template(parsing: text)
        }
        // An empty file or variable is a fair wish, unlike an empty number.
        if node.text == "" { return Template(parts: []) }
        guard let template = node.scalar(noun, log, read) else { return nil }
        if !hasPeerPort, template.parts.contains(.value(.peerPort)) {
            log.error(
                "{{peer-port}} has no value: tier \(entry.key) has no \"peer-port\"",
                at: node.location)
        }
        for (tier, number) in template.references {
            let offset = node.text.flatMap { text in
                text.firstRange(of: tier).map {
                    text.utf8.distance(from: text.startIndex, to: $0.lowerBound)
                }
            }
            references.append(
                TierReference(
                    tier: tier, number: number, location: node.location(atUTF8Offset: offset ?? 0)))
        }
        return template
    }

    private mutating func templates(_ node: YAMLNode?, _ noun: String) -> [Template] {
        guard let node, let items = node.items(noun, log) else { return [] }
        if items.isEmpty { log.error("\(noun) names no program", at: node.location) }
        var result: [Template] = []
        for item in items {
            if let template = template(item, noun) { result.append(template) }
        }
        return result
    }

    private mutating func named(
        _ node: YAMLNode?, _ noun: String, _ check: Checked.Reader<String>
    ) -> [NamedTemplate] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            log.error("\(noun) must be a mapping, not \(node.kind)", at: node.location)
            return []
        }
        var result: [NamedTemplate] = []
        for entry in entries {
            let key = YAMLNode(content: .scalar(entry.key, .plain), location: entry.keyLocation)
            let name = key.scalar("a name", log, check)
            if let value = template(entry.value, "\"\(entry.key)\""), let name {
                result.append(NamedTemplate(name: name, value: value))
            }
        }
        return result
    }

    private func variableName(_ text: String) throws(ValueError) -> String {
        guard !text.contains(where: { $0 == "=" || $0.isWhitespace }) else {
            throw ValueError("\"\(text)\" cannot be a variable of the environment")
        }
        return text
    }

    /// A bare name: files are rendered into one folder of the node, and nowhere else.
    private func fileName(_ text: String) throws(ValueError) -> String {
        guard !text.contains("/"), text != ".", text != ".." else {
            throw ValueError("\"\(text)\" is not a bare file name")
        }
        return text
    }

    private func probe(_ node: YAMLNode, _ noun: String) -> Probe? {
        guard var fields = Fields(node, noun, log) else { return nil }
        let tcp = fields.optional("tcp", Checked.boolean)
        let http = fields.optional("http", Self.urlPath)
        let resp = fields.take("resp")
        let command = fields.take("command")
        fields.finish()
        guard case .mapping(let entries) = node.content, entries.count == 1 else {
            log.error(
                "\(noun) is one of {tcp: true}, {http: /path}, {resp: [PING]} and {command: [...]}",
                at: node.location)
            return nil
        }
        if tcp == true { return .tcp }
        if let http { return .http(path: http) }
        if let resp { return words(resp, "\"resp\"").map(Probe.resp) }
        return command.flatMap { words($0, "\"command\"") }.map(Probe.command)
    }

    private func roleProbe(_ node: YAMLNode) -> Probe? {
        let probe = probe(node, "\"role-probe\"")
        if probe == .tcp {
            log.error("a connection alone does not tell a role", at: node.location)
            return nil
        }
        return probe
    }

    private func words(_ node: YAMLNode, _ noun: String) -> [String]? {
        guard let items = node.items(noun, log) else { return nil }
        if items.isEmpty { log.error("\(noun) is empty", at: node.location) }
        let words = items.compactMap { $0.scalar(noun, log, Checked.text) }
        return words.count == items.count && !words.isEmpty ? words : nil
    }

    static func urlPath(_ text: String) throws(ValueError) -> String {
        guard text.hasPrefix("/"), !text.contains(where: \.isWhitespace) else {
            throw ValueError("\"\(text)\" is not a path such as /health", suggestion: "/\(text)")
        }
        return text
    }
}
