// One stored response: its bytes, what the rules know of it, and where it stands in the store.

import Linux
import Reactor
import Wire

/// A complete response in the store, or one that was and is still being read by somebody.
@ReactorActor
final class StoredObject {
    let key: CacheKey
    let variant: VaryKey
    let status: Int
    let reason: String
    let body: [UInt8]
    /// Words by which it can be purged together with others.
    let tags: [String]
    private(set) var facts: ResponseFacts
    /// What is sent of it; the fields of one answer alone, such as Age, are added each time.
    private(set) var headers: HTTPHeaders
    /// Status line and fields, without the empty line: the front of every answer of the whole.
    private(set) var prefix: [UInt8] = []
    /// True after a soft purge: stale, whatever its age.
    var isExpired = false {
        didSet { noteFreshness() }
    }
    /// Until then, in milliseconds on the monotonic clock, a request that asks for nothing special
    /// may have it. Worked out beforehand, since that is most of what a hit has to know.
    private(set) var freshUntil: Int64 = 0
    /// The origin failed just before this; until then nobody asks it again.
    var retryAfter = MonotonicTime(nanoseconds: .min)
    var isRevalidating = false
    /// Nil once it is out of the store.
    var slot: EvictionSlot?

    init(
        key: CacheKey, variant: VaryKey, head: HTTPResponseHead, facts: ResponseFacts,
        body: [UInt8], tags: [String]
    ) {
        self.key = key
        self.variant = variant
        self.body = body
        self.tags = tags
        self.facts = facts
        status = head.status
        reason = head.reason
        headers = StoredFields.kept(of: head.headers, facts.directives)
        writePrefix()
        noteFreshness()
    }

    private func noteFreshness() {
        let isUsable = !isExpired && !facts.directives.noCache
        freshUntil = isUsable ? facts.receivedAt - facts.initialAge + facts.lifetime * 1000 : .min
    }

    /// Takes what a 304 or a HEAD said (RFC 9111 sections 3.2 and 4.3.5).
    func renew(by update: HTTPHeaders, _ times: ExchangeTimes) {
        let merged = StoredFields.updated(headers, by: update)
        // The age counts from the renewal: only what the update itself says of it holds.
        var dated = merged
        dated["age"] = update["age"]
        facts = ResponseFacts(status: status, headers: dated, times: times)
        headers = StoredFields.kept(of: merged, facts.directives)
        isExpired = false
        retryAfter = MonotonicTime(nanoseconds: .min)
        writePrefix()
        noteFreshness()
    }

    /// Bytes of memory that it takes, bookkeeping included.
    var cost: Int {
        let text = key.authority.utf8.count + key.target.utf8.count
        let words = tags.reduce(0) { $0 + $1.utf8.count + Self.tagOverhead }
        return body.count + 2 * prefix.count + text + words + Self.overhead
    }

    /// The object itself, its slot, its places in tables; measured to the next power of two.
    static let overhead = 1024
    private static let tagOverhead = 64

    private func writePrefix() {
        var head = HTTPResponseHead(
            status: status, headers: headers, body: .count(body.count), keepAlive: true)
        head.reason = reason
        prefix.removeAll(keepingCapacity: true)
        head.encode(into: &prefix)
        prefix.removeLast(2)
    }
}
