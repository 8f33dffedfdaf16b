// What to do with a stored response that fits a request: use it, use it and ask behind the client's
// back, or ask first (RFC 9111 section 4, RFC 5861).

/// What this cache grants where neither request nor response says anything.
package struct StalePolicy: Equatable, Sendable {
    /// False: nothing stale is ever served, whatever messages say.
    package var isAllowed = true
    /// In seconds.
    package var whileRevalidate: Int64 = 0
    /// In seconds.
    package var ifError: Int64 = 60

    package init() {}
}

package enum Reuse: Equatable, Sendable {
    case fresh
    /// Stale, but the client said that it does not mind.
    case staleAsAsked
    /// Stale, to be served at once while one request in the background asks the origin.
    case staleWhileRevalidate
    /// Not without the origin's word.
    case mustValidate

    /// `isExpired` marks a response that a soft purge has made stale before its time.
    package static func decide(
        _ facts: ResponseFacts, for request: CacheDirectives, _ policy: StalePolicy,
        isExpired: Bool = false, at moment: Moment
    ) -> Reuse {
        if request.noCache || facts.directives.noCache { return .mustValidate }
        let age = facts.age(at: moment)
        if let limit = request.maxAge, age > limit * 1000 { return .mustValidate }
        let freshness =
            isExpired ? min(0, facts.freshness(at: moment)) : facts.freshness(at: moment)
        if freshness > 0 {
            return freshness >= (request.minFresh ?? 0) * 1000 ? .fresh : .mustValidate
        }
        if facts.directives.forbidsStale || !policy.isAllowed { return .mustValidate }
        if let limit = request.maxStale, limit == .max || -freshness <= limit * 1000 {
            return .staleAsAsked
        }
        let limit = facts.directives.staleWhileRevalidate ?? policy.whileRevalidate
        return -freshness < limit * 1000 ? .staleWhileRevalidate : .mustValidate
    }

    /// True when the response may stand in for an origin that fails (RFC 5861 section 4).
    package static func allowsStaleOnError(
        _ facts: ResponseFacts, for request: CacheDirectives, _ policy: StalePolicy,
        at moment: Moment
    ) -> Bool {
        guard policy.isAllowed, !facts.directives.forbidsStale, facts.status < 500 else {
            return false
        }
        let limit = request.staleIfError ?? facts.directives.staleIfError ?? policy.ifError
        return limit > 0 && -facts.freshness(at: moment) <= limit * 1000
    }
}
