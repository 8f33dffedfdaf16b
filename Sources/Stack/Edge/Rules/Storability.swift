// Whether a shared cache may keep a response (RFC 9111 section 3), and whether it is of any use.

package import Wire

/// What the statuses mean to a cache (RFC 9110 section 15.1).
enum StatusRules {
    /// May be kept although the origin said nothing of freshness.
    static func isHeuristicallyCacheable(_ status: Int) -> Bool {
        switch status {
        case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501: true
        default: false
        }
    }

    /// Those whose caching rules are implemented here, for must-understand. 206 and 304 are not
    /// whole answers; they never become stored responses of their own.
    static func isUnderstood(_ status: Int) -> Bool {
        switch status {
        case 200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414,
            421, 451, 500, 501, 502, 503, 504:
            true
        default: false
        }
    }
}

package enum Storability {
    /// True when the answer may be kept for later requests; what follows is up to `ResponseFacts`.
    ///
    /// `staleIfError` is what this cache grants by itself, in seconds: an answer that is stale at
    /// once may still be of use in an outage.
    package static func mayStore(
        _ facts: ResponseFacts, to request: HTTPRequestHead, key: CacheKey,
        headers: HTTPHeaders, staleIfError: Int64
    ) -> Bool {
        let asked = CacheDirectives(request.headers.values(of: "cache-control"))
        return !asked.noStore && isStorable(facts)
            && isMethodStorable(facts, request.method, key, headers)
            && allowsAuthorization(facts.directives, request.headers)
            && isUseful(facts, staleIfError: staleIfError)
    }

    private static func isStorable(_ facts: ResponseFacts) -> Bool {
        guard facts.status >= 200, facts.status != 206, facts.status != 304,
            facts.vary != .everything, !facts.directives.isPrivate
        else { return false }
        if facts.directives.mustUnderstand { return StatusRules.isUnderstood(facts.status) }
        return !facts.directives.noStore
    }

    /// GET; and POST whose answer says that it is what a GET would bring (RFC 9110 section 9.3.3).
    private static func isMethodStorable(
        _ facts: ResponseFacts, _ method: String, _ key: CacheKey, _ headers: HTTPHeaders
    ) -> Bool {
        if method == "GET" { return true }
        guard method == "POST", facts.status == 200, facts.hasExplicitLifetime,
            let location = headers["content-location"]
        else { return false }
        return key.resolving(location) == key
    }

    /// Section 3.5.
    private static func allowsAuthorization(
        _ directives: CacheDirectives, _ request: HTTPHeaders
    ) -> Bool {
        request["authorization"] == nil || directives.isPublic || directives.mustRevalidate
            || directives.sharedMaxAge != nil
    }

    /// It is fresh, or can be validated, or may be used stale.
    private static func isUseful(_ facts: ResponseFacts, staleIfError: Int64) -> Bool {
        let isKnown =
            facts.hasExplicitLifetime || facts.directives.isPublic
            || StatusRules.isHeuristicallyCacheable(facts.status)
        guard isKnown else { return false }
        if facts.lifetime > 0 || facts.hasValidator { return true }
        if facts.directives.forbidsStale { return false }
        let granted = facts.hasExplicitLifetime ? staleIfError : 0
        return facts.directives.staleWhileRevalidate ?? 0 > 0
            || facts.directives.staleIfError ?? granted > 0
    }
}
