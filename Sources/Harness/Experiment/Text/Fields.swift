// The keys of one mapping, asked for one by one. The keys that a reader asks for are the valid
// ones, so "unknown key" and its nearest valid word need no second list that could fall behind.

struct Fields {
    let node: YAMLNode
    /// What the mapping describes, for messages: `the load`, `tier app`.
    let noun: String
    let log: DiagnosticLog
    private let entries: [YAMLEntry]
    private var asked: [String] = []
    private var forbidden: [String] = []

    /// Nil, and reported, when the value is no mapping.
    init?(_ node: YAMLNode, _ noun: String, _ log: DiagnosticLog) {
        guard case .mapping(let entries) = node.content else {
            if case .rejected = node.content { return nil }
            log.error("\(noun) must be a mapping, not \(node.kind)", at: node.location)
            return nil
        }
        self.node = node
        self.noun = noun
        self.log = log
        self.entries = entries
    }

    /// Whether the file has the key; does not make it a valid one.
    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// Where the value of a key was written.
    func location(of key: String) -> SourceLocation? {
        entries.first { $0.key == key }?.value.location
    }

    /// The value under a key; nil when the key is absent.
    mutating func take(_ key: String) -> YAMLNode? {
        asked.append(key)
        return entries.first { $0.key == key }?.value
    }

    /// As `take`, and an absent key is reported.
    mutating func takeRequired(_ key: String) -> YAMLNode? {
        let value = take(key)
        if value == nil { log.error("\(noun) needs the key \"\(key)\"", at: node.location) }
        return value
    }

    /// A scalar under a key, read by `parse`; nil when absent or wrong, the latter reported.
    mutating func optional<Value>(
        _ key: String, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        take(key).flatMap { $0.scalar("\"\(key)\"", log, parse) }
    }

    mutating func required<Value>(
        _ key: String, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        takeRequired(key).flatMap { $0.scalar("\"\(key)\"", log, parse) }
    }

    /// Makes keys known that the caller reads by other means.
    mutating func allow(_ keys: [String]) { asked += keys }

    /// Reports a key that makes no sense here, with the reason instead of "unknown".
    mutating func forbid(_ key: String, _ reason: String) {
        forbidden.append(key)
        guard let place = location(of: key) else { return }
        log.error(reason, at: place)
    }

    /// Reports every key that nobody asked for; call it when all valid ones have been taken.
    func finish() {
        for entry in entries
        where !asked.contains(entry.key) && !forbidden.contains(entry.key) {
            let nearest = NearestWord.find(entry.key, among: asked)
            let list = nearest == nil ? "; \(noun) takes \(asked.joined(separator: ", "))" : ""
            log.error(
                "unknown key \"\(entry.key)\"\(list)", at: entry.keyLocation, suggestion: nearest)
        }
    }
}

extension YAMLNode {
    /// Reads this value as a scalar; reports what it is instead, or why `parse` refused it.
    func scalar<Value>(
        _ noun: String, _ log: DiagnosticLog, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        guard case .scalar(let text, let style) = content else {
            if case .rejected = content { return nil }
            log.error("\(noun) must be a single value, not \(kind)", at: location)
            return nil
        }
        if style == .plain, ["", "~", "null"].contains(text) {
            log.error("\(noun) has no value", at: location)
            return nil
        }
        do throws(ValueError) {
            return try parse(text)
        } catch {
            log.error(
                error.message, at: location(atUTF8Offset: error.offset),
                suggestion: error.suggestion)
            return nil
        }
    }

    /// The items of a list; reports what the value is instead.
    func items(_ noun: String, _ log: DiagnosticLog) -> [YAMLNode]? {
        if case .sequence(let items) = content { return items }
        if case .rejected = content { return nil }
        log.error("\(noun) must be a list, not \(kind)", at: location)
        return nil
    }

    /// The text of a scalar, whatever it means.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }
}
