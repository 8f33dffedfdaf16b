// All that the rules need to know of one response, read from its head once: its directives, its
// freshness lifetime (RFC 9111 section 4.2.1), its age (4.2.3) and its validators.

package import Wire

package struct ResponseFacts: Sendable {
    package let status: Int
    package let directives: CacheDirectives
    /// The directives came by a field for CDNs alone, so Expires says nothing here.
    package let isTargeted: Bool
    /// Seconds since 1970; when it was received, where the origin's Date is missing or unreadable.
    package let date: Int64
    /// In seconds; 0 when the response is stale from the start.
    package let lifetime: Int64
    /// The origin has named a lifetime itself, be it 0.
    package let hasExplicitLifetime: Bool
    /// In milliseconds: how old the response was when it came.
    package let initialAge: Int64
    /// In milliseconds on the monotonic clock.
    package let receivedAt: Int64
    /// As the origin wrote it.
    package let entityTag: String?
    /// As the origin wrote it.
    package let lastModified: String?
    package let lastModifiedSeconds: Int64?
    package let vary: VaryFields

    package init(status: Int, headers: HTTPHeaders, times: ExchangeTimes) {
        self.status = status
        let (directives, isTargeted) = CacheDirectives.effective(in: headers)
        self.directives = directives
        self.isTargeted = isTargeted
        let now = times.received.wallSeconds
        let ownDate = headers["date"].flatMap { HTTPDate.parse($0, now: now) }
        date = ownDate ?? now
        entityTag = headers["etag"]
        lastModified = headers["last-modified"]
        lastModifiedSeconds = lastModified.flatMap { HTTPDate.parse($0, now: now) }
        vary = VaryFields(headers)
        receivedAt = times.received.milliseconds
        initialAge = Age.initial(date: date, age: headers["age"], times)
        let expires = isTargeted ? nil : headers["expires"]
        let explicit = Lifetime.explicit(directives, expires: expires, date: date, now: now)
        hasExplicitLifetime = explicit != nil
        lifetime =
            explicit
            ?? Lifetime.heuristic(
                status: status, isPublic: directives.isPublic, date: date,
                lastModified: lastModifiedSeconds)
    }

    /// In milliseconds: the current age of RFC 9111 section 4.2.3.
    package func age(at moment: Moment) -> Int64 {
        initialAge + max(0, moment.milliseconds - receivedAt)
    }

    /// In milliseconds; negative once it is stale.
    package func freshness(at moment: Moment) -> Int64 { lifetime * 1000 - age(at: moment) }

    /// In whole seconds, rounded down: below 0 from the first moment of being stale.
    package func secondsLeft(at moment: Moment) -> Int64 {
        let left = freshness(at: moment)
        return left < 0 ? (left - 999) / 1000 : left / 1000
    }

    /// True when the origin can be asked whether it still holds.
    package var hasValidator: Bool { entityTag != nil || lastModifiedSeconds != nil }
}

/// How old a response was when it was received.
private enum Age {
    static func initial(date: Int64, age: String?, _ times: ExchangeTimes) -> Int64 {
        let apparent = max(0, times.received.wallSeconds - date) * 1000
        let delay = max(0, times.received.milliseconds - times.sent.milliseconds)
        return max(apparent, value(age) * 1000 + delay)
    }

    /// The first member of a list; what is no number of seconds is passed over (section 5.1).
    private static func value(_ text: String?) -> Int64 {
        guard let first = text?.split(separator: ",").first else { return 0 }
        return DeltaSeconds.parse(first.trimmingBlanks) ?? 0
    }
}

/// How long a response stays fresh, in seconds.
private enum Lifetime {
    /// s-maxage before max-age before Expires; nil when the origin names none.
    static func explicit(
        _ directives: CacheDirectives, expires: String?, date: Int64, now: Int64
    ) -> Int64? {
        if let seconds = directives.sharedMaxAge ?? directives.maxAge { return seconds }
        guard let expires else { return nil }
        // A date that cannot be read, above all "0", lies in the past (section 5.3).
        guard let expiry = HTTPDate.parse(expires, now: now) else { return 0 }
        return max(0, expiry - date)
    }

    /// A tenth of the time since the last change, as section 4.2.2 suggests, but a day at most.
    static func heuristic(
        status: Int, isPublic: Bool, date: Int64, lastModified: Int64?
    ) -> Int64 {
        guard StatusRules.isHeuristicallyCacheable(status) || isPublic, let lastModified else {
            return 0
        }
        return min(86_400, max(0, date - lastModified) / 10)
    }
}
