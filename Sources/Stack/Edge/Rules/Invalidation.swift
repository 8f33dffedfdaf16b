// What a successful unsafe request makes obsolete (RFC 9111 section 4.4): its own URI, and those of
// the same origin that its answer names.

package import Wire

package enum Invalidation {
    /// Methods that change nothing (RFC 9110 section 9.2.1). One that is unknown may change all.
    package static func isSafe(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS", "TRACE": true
        default: false
        }
    }

    /// The keys to drop once the answer is there.
    package static func keys(
        obsoletedBy method: String, on key: CacheKey, status: Int, headers: HTTPHeaders
    ) -> [CacheKey] {
        guard !isSafe(method), (200..<400).contains(status) else { return [] }
        let named = ["location", "content-location"].compactMap { headers[$0] }
            .compactMap(key.resolving)
            .filter { $0.authority == key.authority && $0 != key }
        return [key] + named
    }
}
