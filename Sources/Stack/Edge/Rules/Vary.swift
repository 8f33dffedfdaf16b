// Which stored response fits a request, when the origin answers one URI in several ways (RFC 9111
// section 4.1).

package import Wire

/// What the Vary fields of a response name.
package enum VaryFields: Equatable, Sendable {
    /// Something beyond the fields of the request: it never fits another request.
    case everything
    /// Small letters, each once, in order of the alphabet; empty when there is no Vary.
    case names([String])

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
    /// that cannot change the meaning; language tags besides in small letters (RFC 9110 section
    /// 8.5.1).
    private static func normalised(_ name: String, in headers: HTTPHeaders) -> String? {
        let values = headers.values(of: name)
        if values.isEmpty { return nil }
        let joined = FieldList.elements(of: values).joined(separator: ", ")
        return name == "accept-language" ? joined.lowercased() : joined
    }
}
