// Which stored response fits a request, when the origin answers one URI in several ways (RFC 9111
// section 4.1).

package import Wire

/// What the Vary fields of a response name.
package enum VaryFields: Equatable, Sendable {
    /// Something beyond the fields of the request: it never fits another request.
    case everything
    /// Small letters, each once, in order of the alphabet; empty when there is no Vary.
    case names([String])

    /// Empty for everything, which is never stored.
    var names: [String] {
        if case .names(let names) = self { names } else { [] }
    }

    package init(_ headers: HTTPHeaders) {
        let elements = FieldList.elements(of: headers.values(of: "vary"))
        if elements.contains("*") {
            self = .everything
        } else {
            self = .names(Set(elements.map { $0.lowercased() }).sorted())
        }
    }
}

/// The names that a response varies by, with the values of the request that brought it.
package struct VaryKey: Hashable, Sendable {
    package let names: [String]
    /// Nil where the request had no such field.
    package let values: [String?]

    package static let none = VaryKey(names: [], request: [:])

    package init(names: [String], request: HTTPHeaders) {
        self.names = names
        values = names.map { Self.normalised($0, in: request) }
    }

    /// True when the request has the same values for every name.
    package func matches(_ request: HTTPHeaders) -> Bool {
        for (name, value) in zip(names, values) where Self.normalised(name, in: request) != value {
            return false
        }
        return true
    }

    /// Lines put together and white space around commas made alike, as section 4.1 allows where
    /// that cannot change the meaning; languages besides by what they mean.
    private static func normalised(_ name: String, in headers: HTTPHeaders) -> String? {
        let values = headers.values(of: name)
        if values.isEmpty { return nil }
        let elements = FieldList.elements(of: values)
        if name == "accept-language" { return LanguagePreferences.normalised(elements) }
        return elements.joined(separator: ", ")
    }
}

/// Accept-Language, written in one way for all that mean the same: tags in small letters, the most
/// wanted first, and those wanted alike in order of the alphabet, since the order in which they came
/// means nothing (RFC 9110 section 12.5.4).
private enum LanguagePreferences {
    static func normalised(_ elements: [Substring]) -> String {
        elements.map(preference).sorted { ($1.weight, $0.tag) < ($0.weight, $1.tag) }
            .map { $0.weight == 1000 ? $0.tag : "\($0.tag);\($0.weight)" }
            .joined(separator: ", ")
    }

    /// The weight in thousandths (section 12.4.2); what cannot be read stays part of the tag.
    private static func preference(_ element: Substring) -> (tag: String, weight: Int) {
        let parts = element.lowercased().split(separator: ";", maxSplits: 1)
        let parameter = parts.count == 2 ? parts[1].trimmingBlanks : ""
        guard parameter.hasPrefix("q="), let weight = weight(parameter.dropFirst(2)) else {
            return (element.lowercased(), 1000)
        }
        return (String(parts[0].trimmingBlanks), weight)
    }

    /// `0.25` is 250: one digit, and at most three behind a point.
    private static func weight(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, first == "0" || first == "1", parts.count <= 2 else {
            return nil
        }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard fraction.utf8.count <= 3, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let thousandths = Int(fraction + String(repeating: "0", count: 3 - fraction.utf8.count))
        let weight = (first == "1" ? 1000 : 0) + (thousandths ?? 0)
        return weight <= 1000 ? weight : nil
    }
}
