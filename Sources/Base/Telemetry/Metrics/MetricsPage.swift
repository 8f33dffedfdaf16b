// A page of metrics in Prometheus' text exposition format, version 0.0.4: what a scrape reads.
//
//     # HELP app_requests_total Requests answered.
//     # TYPE app_requests_total counter
//     app_requests_total{node="app-1",class="2xx"} 1042
//
// All samples of one family stand together under its HELP and TYPE, whatever the order in which they
// were added. A histogram's buckets are cumulative and end with `le="+Inf"`, which equals its count.

package struct MetricsPage: Sendable {
    package typealias Labels = KeyValuePairs<String, String>

    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    private struct Family: Sendable {
        let name: String
        let help: String
        let kind: Kind
        var lines: [String] = []
    }

    /// On every sample: which node this is.
    private let common: [(String, String)]
    private var families: [Family] = []

    package init(labels: Labels = [:]) {
        common = labels.map { ($0.key, $0.value) }
    }

    /// Only grows while the process lives; its name ends in `_total`.
    package mutating func counter(
        _ name: String, _ help: String, _ value: Int, _ labels: Labels = [:]
    ) {
        precondition(name.hasSuffix("_total"), "a counter is named so")
        add(name, help, .counter, sample(name, labels, "\(value)"))
    }

    package mutating func gauge(
        _ name: String, _ help: String, _ value: Double, _ labels: Labels = [:]
    ) {
        add(name, help, .gauge, sample(name, labels, Self.text(of: value)))
    }

    package mutating func histogram(
        _ name: String, _ help: String, _ values: FixedHistogram, _ labels: Labels = [:]
    ) {
        var seen = 0
        for (index, count) in values.counts.enumerated() {
            seen += count
            let bound = index < values.bounds.count ? Self.text(of: values.bounds[index]) : "+Inf"
            add(
                name, help, .histogram,
                sample("\(name)_bucket", labels, "\(seen)", extra: ("le", bound)))
        }
        add(name, help, .histogram, sample("\(name)_sum", labels, Self.text(of: values.sum)))
        add(name, help, .histogram, sample("\(name)_count", labels, "\(seen)"))
    }

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package var text: String {
        families.map { family in
            "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
                + "# TYPE \(family.name) \(family.kind.rawValue)\n" + family.lines.joined()
        }.joined()
    }

    /// Any text as the name of a metric: letters, digits and underscores, no digit first.
    package static func name(from text: String) -> String {
        let letters = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "a"..."z", "0"..."9", "_": String(scalar)
            case "A"..."Z": "_" + String(scalar).lowercased()
            default: "_"
            }
        }
        let name = letters.joined()
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return "_" + name }
        return name
    }

    // MARK: Lines

    private mutating func add(_ name: String, _ help: String, _ kind: Kind, _ line: String) {
        precondition(Self.name(from: name) == name, "not the name of a metric")
        if let index = families.firstIndex(where: { $0.name == name }) {
            precondition(families[index].kind == kind, "a family has one kind")
            families[index].lines.append(line)
        } else {
            families.append(Family(name: name, help: help, kind: kind, lines: [line]))
        }
    }

    private func sample(
        _ name: String, _ labels: Labels, _ value: String, extra: (String, String)? = nil
    ) -> String {
        let all = common + labels.map { ($0.key, $0.value) } + (extra.map { [$0] } ?? [])
        guard !all.isEmpty else { return "\(name) \(value)\n" }
        let list = all.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }
        return "\(name){\(list.joined(separator: ","))} \(value)\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
