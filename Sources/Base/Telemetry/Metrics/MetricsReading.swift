// The other side of a page: names and values, for the harness. Buckets of histograms are left out; their
// sum and count stay.

package enum MetricsReading {
    /// The samples of a page in its order; a family with labels of its own has them in brackets behind
    /// its name. Lines that are none are skipped: this is for people to look at, never to judge by.
    package static func samples(of page: String, hiding common: Set<String> = ["node", "tier"])
        -> [(name: String, value: Double)]
    {
        page.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let end = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: end)...])
            else { return nil }
            let head = line[..<end]
            guard let brace = head.firstIndex(of: "{"), head.hasSuffix("}") else {
                return (String(head), value)
            }
            let name = String(head[..<brace])
            if name.hasSuffix("_bucket") { return nil }
            let labels = head[head.index(after: brace)...].dropLast().split(separator: ",")
                .filter { label in !common.contains { label.hasPrefix($0 + "=") } }
                .map { $0.filter { $0 != "\"" } }
            return (labels.isEmpty ? name : "\(name)[\(labels.joined(separator: ","))]", value)
        }
    }
}
