// The keys of a DNS server that are mappings or lists of their own.

import Blueprint
import Linux
import Wire

extension GeoDNSSpec {
    static func domain(_ text: String) throws(ValueError) -> String {
        guard DNSName(text) != nil, !text.isEmpty else {
            throw ValueError("\"\(text)\" is not a domain such as faultline.test")
        }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// A name, or a star for all those below one.
    private static func recordName(_ text: String) throws(ValueError) -> String {
        if text == "*" { return text }
        return text.hasPrefix("*.")
            ? "*." + (try domain(String(text.dropFirst(2)))) : try domain(text)
    }

    mutating func readWeights(_ node: YAMLNode, _ log: DiagnosticLog) {
        for entry in Self.entries(node, "\"weights\"", log) {
            guard to.contains(entry.key) else {
                log.unknown("tier", entry.key, among: to, at: entry.keyLocation)
                continue
            }
            let read = Checked.integer(1...1000)
            if let weight = entry.value.scalar("a weight", log, read) {
                weights[entry.key] = weight
            }
        }
    }

    /// Whether the regions exist is seen once all tiers are known.
    mutating func readNetworks(_ node: YAMLNode, _ log: DiagnosticLog) {
        for entry in Self.entries(node, "\"networks\"", log) {
            let items = entry.value.items("networks of a region", log) ?? []
            networks[entry.key] = items.compactMap {
                $0.scalar("a network", log, Checked.network)
            }
        }
    }

    mutating func readRecords(_ node: YAMLNode, _ log: DiagnosticLog) {
        for item in node.items("\"records\"", log) ?? [] {
            guard var fields = Fields(item, "a record", log) else { continue }
            let name = fields.required("name", Self.recordName)
            let kind = fields.required("type", Checked.word("type", GeoRecord.Kind.self))
            let value = fields.required("value", Checked.text)
            fields.finish()
            if let name, let kind, let value {
                records.append(GeoRecord(name: name, kind: kind, value: value))
            }
        }
    }

    private static func entries(
        _ node: YAMLNode, _ noun: String, _ log: DiagnosticLog
    ) -> [YAMLEntry] {
        if case .mapping(let entries) = node.content { return entries }
        log.error("\(noun) must be a mapping, not \(node.kind)", at: node.location)
        return []
    }
}
