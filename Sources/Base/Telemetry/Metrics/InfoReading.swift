// The text of INFO, as Redis writes it and our tiers that speak RESP do: lines of `name:value`, or of
// `name:part=value,part=value`, under headings that begin with `#`. For the harness, which asks any program
// that speaks RESP, and for a node's own metrics.

package enum InfoReading {
    /// Every name and its text in the page's order; a part of a line goes by `name_part`.
    package static func fields(of text: String) -> [(name: String, value: Substring)] {
        text.split(whereSeparator: \.isNewline).flatMap { line in
            line.hasPrefix("#") ? [] : fields(ofLine: line)
        }
    }

    /// Those of them that are numbers.
    package static func numbers(of text: String) -> [(name: String, value: Double)] {
        fields(of: text).compactMap { field in Double(field.value).map { (field.name, $0) } }
    }

    private static func fields(ofLine line: Substring) -> [(name: String, value: Substring)] {
        let sides = line.split(separator: ":", maxSplits: 1)
        guard sides.count == 2 else { return [] }
        guard sides[1].contains("=") else { return [(String(sides[0]), sides[1])] }
        return sides[1].split(separator: ",").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? ("\(sides[0])_\(parts[0])", parts[1]) : nil
        }
    }
}
