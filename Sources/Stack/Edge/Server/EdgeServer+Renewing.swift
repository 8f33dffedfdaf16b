// What an answer without content says of what is stored: a 304 that names another variant, and HEAD.

import Endpoints
import Wire

extension EdgeServer {
    /// A 304 with the tag of a variant makes that the answer to this request as well, without its
    /// bytes being sent again (RFC 9111 sections 4.1 and 4.3.4). Nil when it names none.
    func adopt(
        _ head: HTTPResponseHead, _ times: ExchangeTimes, _ variants: [StoredObject],
        _ flight: Flight, _ request: EdgeRequest
    ) -> StoredObject? {
        var update = head.headers
        update.removeHopByHop()
        guard let tag = update["etag"].map(EntityTag.init),
            let chosen = variants.first(where: { $0.facts.isTagged(tag) })
        else { return nil }
        chosen.renew(by: update, times)
        store.noteRenewal(of: chosen)
        var adopted = HTTPResponseHead(status: chosen.status, headers: chosen.headers)
        adopted.reason = chosen.reason
        let object = StoredObject(
            key: chosen.key,
            variant: VaryKey(names: chosen.facts.vary.names, request: request.head.headers),
            head: adopted, facts: chosen.facts, body: chosen.body, tags: chosen.tags)
        let mayStore = Storability.mayStore(
            object.facts, to: request.head, key: object.key, headers: object.headers,
            staleIfError: policy.isAllowed ? policy.ifError : 0)
        if mayStore, !flight.isObsolete, object.variant != chosen.variant { store.insert(object) }
        return object
    }

    /// An answer to HEAD renews what is stored of GET, which then answers it with all of its
    /// fields, or shows that it is out of date (RFC 9111 section 4.3.5).
    func renew(
        by head: HTTPResponseHead, _ facts: ResponseFacts, _ request: EdgeRequest,
        _ times: ExchangeTimes
    ) -> StoredObject? {
        guard let object = store.object(for: request.key, request.head.headers),
            (200..<300).contains(head.status)
        else { return nil }
        let isSame = StoredFields.describesSame(
            object.facts, length: object.body.count, head: facts,
            headLength: head.headers["content-length"])
        guard isSame else {
            object.isExpired = true
            return nil
        }
        object.renew(by: head.headers, times)
        store.noteRenewal(of: object)
        return object
    }
}

extension ResponseFacts {
    func isTagged(_ tag: EntityTag) -> Bool {
        entityTag.map(EntityTag.init)?.matchesWeakly(tag) ?? false
    }
}
