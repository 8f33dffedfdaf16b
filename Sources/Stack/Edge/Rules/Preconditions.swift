// Conditions of a client, judged by the cache from what it has stored (RFC 9111 section 4.3.2, RFC
// 9110 section 13), so that a client that has it already gets 304 and no body.

package import Wire

package enum Preconditions {
    /// True when the answer to this request is 304 Not Modified.
    ///
    /// Only an answer of 200 or 206 can be "not modified" (RFC 9110 section 13.2.1). If-None-Match
    /// outdoes If-Modified-Since, whatever either says.
    package static func isNotModified(_ request: HTTPHeaders, _ facts: ResponseFacts) -> Bool {
        guard (200..<300).contains(facts.status) else { return false }
        let tags = FieldList.elements(of: request.values(of: "if-none-match"))
        if !tags.isEmpty { return matches(tags, facts.entityTag) }
        guard let since = request["if-modified-since"],
            let limit = HTTPDate.parse(since, now: facts.date)
        else { return false }
        // Where the origin gave no Last-Modified, the time at which it made the answer serves.
        return (facts.lastModifiedSeconds ?? facts.date) <= limit
    }

    private static func matches(_ tags: [Substring], _ stored: String?) -> Bool {
        if tags == ["*"] { return true }
        guard let stored = stored.map(EntityTag.init) else { return false }
        return tags.contains { EntityTag($0).matchesWeakly(stored) }
    }

    /// True when a Range may be honoured: no If-Range, or it holds (RFC 9110 section 13.1.5).
    package static func allowsRange(_ request: HTTPHeaders, _ facts: ResponseFacts) -> Bool {
        guard let condition = request["if-range"] else { return true }
        if condition.hasPrefix("\"") || condition.lowercased().hasPrefix("w/") {
            guard let stored = facts.entityTag else { return false }
            return EntityTag(condition).matchesStrongly(EntityTag(stored))
        }
        // A date is a strong validator only if it is old enough that a second change within its
        // second would show (section 8.8.2.2).
        guard let stored = facts.lastModifiedSeconds,
            let date = HTTPDate.parse(condition, now: facts.date)
        else { return false }
        return date == stored && facts.date > stored
    }
}

extension HTTPHeaders {
    /// The conditions that a cache answers by itself and does not pass on when it asks for its own
    /// sake.
    static let conditionFields = ["if-none-match", "if-modified-since", "if-range", "range"]
}
