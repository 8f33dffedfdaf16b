// The fields of a response that a cache keeps (RFC 9111 section 3.1), and how a 304 or a HEAD renews
// them (section 3.2).

package import Wire

package enum StoredFields {
    /// Written anew for every answer, or of no meaning to whoever comes later.
    private static let perAnswer = ["age", "transfer-encoding", "content-length"]
    /// Between the origin and this cache alone.
    private static let proxyFields = [
        "proxy-authenticate", "proxy-authentication-info", "proxy-authorization",
    ]

    /// The fields to keep of a new response. Hop-by-hop fields must be gone already.
    package static func kept(
        of headers: HTTPHeaders, _ directives: CacheDirectives
    ) -> HTTPHeaders {
        var kept = headers
        let excluded =
            perAnswer + proxyFields + directives.noCacheFields + directives.privateFields
        for name in excluded { kept.remove(name) }
        return kept
    }

    /// The stored fields after a 304: each name that it brings takes the place of those stored.
    ///
    /// Content-Length stays, since a 304 brings no bytes. Content-Encoding does not: the bytes are
    /// stored as they came, so nothing here depends on it (section 3.2).
    package static func updated(_ stored: HTTPHeaders, by update: HTTPHeaders) -> HTTPHeaders {
        let excluded = perAnswer + proxyFields
        let names = Set(update.all.map { $0.name.lowercased() }).subtracting(excluded)
        // Put together anew, for removed fields would stay behind in memory with each renewal.
        var result: HTTPHeaders = [:]
        result.append(from: stored) { !names.contains($0) }
        result.append(from: update) { names.contains($0) }
        return result
    }

    /// True when an answer to HEAD speaks of the same content as the stored answer to GET, so that
    /// it may renew it (section 4.3.5).
    package static func describesSame(
        _ stored: ResponseFacts, length: Int, head: ResponseFacts, headLength: String?
    ) -> Bool {
        if let headLength, headLength != String(length) { return false }
        if let tag = head.entityTag, tag != stored.entityTag { return false }
        if let date = head.lastModified, date != stored.lastModified { return false }
        return head.status == stored.status
    }

    /// The fields of a 304 made here (RFC 9110 section 15.4.5); more would be repetition.
    package static func ofNotModified(_ stored: HTTPHeaders) -> HTTPHeaders {
        var fields: HTTPHeaders = [:]
        fields.append(from: stored) { notModifiedFields.contains($0) }
        return fields
    }

    private static let notModifiedFields = [
        "cache-control", "cdn-cache-control", "content-location", "date", "etag", "expires",
        "last-modified", "vary",
    ]
}
