// CDN-Cache-Control (RFC 9213): the directives that an origin means for caches like this one alone.
//
// Where it stands, is a valid dictionary and not empty, Cache-Control and Expires do not exist for
// this cache (section 2.2). A directive of the wrong type makes it invalid, and then it does not.

package import Wire

extension CacheDirectives {
    /// The fields that speak to this cache before Cache-Control does, most specific first.
    private static let targetedFields = ["cdn-cache-control"]

    /// The directives that hold here, and whether they came by a targeted field.
    package static func effective(
        in headers: HTTPHeaders
    ) -> (directives: CacheDirectives, isTargeted: Bool) {
        for name in targetedFields {
            let values = headers.values(of: name)
            if values.isEmpty { continue }
            if let directives = CacheDirectives(targeted: values) { return (directives, true) }
        }
        return (CacheDirectives(headers.values(of: "cache-control")), false)
    }

    /// Nil when the field must be taken for absent.
    init?(targeted values: [String]) {
        guard let members = StructuredDictionary.parse(values), !members.isEmpty else {
            return nil
        }
        for (name, value) in members {
            guard take(targeted: name, value) else { return nil }
        }
    }

    /// False for a known directive with a value that it cannot have.
    private mutating func take(targeted name: String, _ value: StructuredValue) -> Bool {
        switch name {
        case "max-age": return Self.take(value, into: &maxAge)
        case "s-maxage": return Self.take(value, into: &sharedMaxAge)
        case "stale-while-revalidate": return Self.take(value, into: &staleWhileRevalidate)
        case "stale-if-error": return Self.take(value, into: &staleIfError)
        case "no-store": return Self.take(value, into: &noStore)
        case "public": return Self.take(value, into: &isPublic)
        case "must-revalidate": return Self.take(value, into: &mustRevalidate)
        case "proxy-revalidate": return Self.take(value, into: &proxyRevalidate)
        case "must-understand": return Self.take(value, into: &mustUnderstand)
        case "no-cache": return Self.take(value, into: &noCache, or: &noCacheFields)
        case "private": return Self.take(value, into: &isPrivate, or: &privateFields)
        default: return true
        }
    }

    private static func take(_ value: StructuredValue, into seconds: inout Int64?) -> Bool {
        guard case .integer(let number) = value, number >= 0 else { return false }
        seconds = min(number, DeltaSeconds.max)
        return true
    }

    private static func take(_ value: StructuredValue, into flag: inout Bool) -> Bool {
        guard case .boolean(let isOn) = value else { return false }
        flag = isOn
        return true
    }

    private static func take(
        _ value: StructuredValue, into flag: inout Bool, or names: inout [String]
    ) -> Bool {
        guard case .string(let list) = value else { return take(value, into: &flag) }
        names = FieldList.elements(of: list).map { $0.lowercased() }
        return true
    }
}
