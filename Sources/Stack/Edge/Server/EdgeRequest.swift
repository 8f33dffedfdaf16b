// A request as the edge sees it: what it asks for, what it allows, and how long there is for it.

import Linux
import Reactor
import Wire

struct EdgeRequest {
    let head: HTTPRequestHead
    let content: [UInt8]
    let key: CacheKey
    let directives: CacheDirectives
    /// Crosses all tiers.
    let id: String
    /// The client will not wait longer.
    let deadline: MonotonicTime
    let peer: IPv4Address

    static let idField = "X-Request-Id"
    /// Milliseconds that are left, as each tier passes on to the next.
    static let deadlineField = "X-Request-Deadline-Ms"

    init(
        _ head: HTTPRequestHead, content: [UInt8], peer: IPv4Address, now: MonotonicTime,
        makeID: () -> String
    ) {
        self.head = head
        self.content = content
        self.peer = peer
        key = CacheKey(head)
        directives = CacheDirectives(head.headers.values(of: "cache-control"))
        id = head.headers[Self.idField] ?? makeID()
        let left = head.headers[Self.deadlineField].flatMap { DeltaSeconds.parse($0) }
        deadline = left.map { now + .milliseconds($0) } ?? .distantFuture
    }

    /// What a stored response can answer at all.
    var isCacheable: Bool {
        (head.method == "GET" || head.method == "HEAD") && content.isEmpty && !directives.noStore
    }

    /// What several clients can wait for together: the whole content, unconditionally.
    var isPlain: Bool {
        head.method == "GET"
            && HTTPHeaders.conditionFields.allSatisfy { head.headers[$0] == nil }
    }

    /// The request to the origin; with `validating` it asks whether that still holds.
    func forwarded(
        by name: String, validating stored: Validators?, isShared: Bool, now: MonotonicTime,
        timeout: Duration
    ) -> OriginRequest {
        var head = head
        head.headers.removeHopByHop()
        head.headers.remove("expect")
        head.keepAlive = true
        if head.target.utf8.first != UInt8(ascii: "/"), head.target != "*" {
            head.target = key.target
            head.headers["Host"] = key.authority
        }
        if stored != nil || isShared {
            for field in HTTPHeaders.conditionFields { head.headers.remove(field) }
        }
        if let stored {
            if let tag = stored.entityTag { head.headers["If-None-Match"] = tag }
            if let date = stored.lastModified { head.headers["If-Modified-Since"] = date }
        }
        head.headers.append("Via", "1.1 \(name)")
        let via = head.headers["X-Forwarded-For"].map { "\($0), \(peer)" } ?? "\(peer)"
        head.headers["X-Forwarded-For"] = via
        head.headers[Self.idField] = id
        let left = min(deadline - now, timeout).nanoseconds / 1_000_000
        head.headers[Self.deadlineField] = String(max(0, left))
        return OriginRequest(head: head, content: content)
    }
}

/// The validators of a stored response.
struct Validators {
    let entityTag: String?
    let lastModified: String?

    init(_ facts: ResponseFacts) {
        entityTag = facts.entityTag
        lastModified = facts.lastModifiedSeconds == nil ? nil : facts.lastModified
    }

    /// The tags of several, to learn which of them is meant; nil where there is none.
    @ReactorActor
    init?(_ variants: [StoredObject]) {
        let tags = variants.prefix(Self.tagsMax).compactMap(\.facts.entityTag)
        if tags.isEmpty { return nil }
        entityTag = tags.joined(separator: ", ")
        lastModified = nil
    }

    /// A header of tags that grows with the number of variants would be refused at last.
    private static let tagsMax = 8
}

extension EdgeRequest {
    /// The same, for the cache's own sake: whole, and with all the time that an origin gets.
    var unconditional: EdgeRequest {
        var head = head
        for field in HTTPHeaders.conditionFields { head.headers.remove(field) }
        head.headers.remove(Self.deadlineField)
        return EdgeRequest(head, content: [], peer: peer, now: .now(), makeID: { id })
    }
}
