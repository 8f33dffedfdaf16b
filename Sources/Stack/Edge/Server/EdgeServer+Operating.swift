// What operators ask of an edge: is it ready, what is it doing, forget this.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

/// What the edge did so far.
struct EdgeCounts {
    var requests = 0
    var hits = 0
    var stale = 0
    var misses = 0
    var revalidated = 0
    var collapsed = 0
    var background = 0
    var passed = 0
    var errors = 0
    var originErrors = 0
    var purgesRefused = 0
}

extension EdgeServer {
    func operate(
        _ head: HTTPRequestHead, content: [UInt8], from peer: IPv4Address
    ) -> HTTPResponse {
        switch (head.method, head.path) {
        case ("PURGE", _), ("POST", "/-/purge"):
            if let refusal = refusal(to: head, from: peer) { return refusal }
            if head.method == "PURGE" { return purge(head) }
            return purge(content, host: head.headers["host"] ?? "")
        case ("GET", "/-/ready"), ("HEAD", "/-/ready"):
            return HTTPResponse(isDraining ? 503 : 200, json: ["ready": .bool(!isDraining)])
        case ("GET", "/-/status"): return HTTPResponse(200, json: status)
        case ("GET", "/-/metrics"): return metrics
        default: return HTTPResponse(404, error: "no such resource")
        }
    }

    private var status: JSON {
        .object(
            [("name", .string(name)), ("draining", .bool(isDraining))]
                + numbers.map { ($0.0, .integer(Int64($0.1))) })
    }

    /// The same for Prometheus, in its text format.
    private var metrics: HTTPResponse {
        let lines = numbers.map { "faultline_edge_\(Self.snake($0.0)) \($0.1)\n" }
        let head = HTTPResponseHead(
            status: 200, headers: ["Content-Type": "text/plain; version=0.0.4"])
        return HTTPResponse(head: head, content: Array(lines.joined().utf8))
    }

    private static func snake(_ name: String) -> String {
        name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }

    private var numbers: [(String, Int)] {
        [
            ("requests", counts.requests), ("hits", counts.hits), ("stale", counts.stale),
            ("misses", counts.misses), ("revalidated", counts.revalidated),
            ("collapsed", counts.collapsed), ("background", counts.background),
            ("passed", counts.passed), ("errors", counts.errors),
            ("originErrors", counts.originErrors), ("objects", store.count),
            ("bytes", store.size), ("bytesMax", store.capacity),
            ("insertions", store.counts.insertions), ("evictions", store.counts.evictions),
            ("purges", store.counts.purges), ("markers", markers.count),
            ("flights", flights.count + loneFlights.count), ("connections", connectionCount),
            ("originConnections", origins.connectionCount),
            ("purgesRefused", counts.purgesRefused), ("accessLogDropped", accessLog.dropped),
        ]
    }

    // MARK: Purging

    /// Nil when the peer may purge: by its address, or by the token as a bearer of it (RFC 6750).
    private func refusal(to head: HTTPRequestHead, from peer: IPv4Address) -> HTTPResponse? {
        if settings.purgeFrom.contains(where: { $0.contains(peer) }) { return nil }
        let token = settings.purgeToken
        let given = head.headers["authorization"] ?? ""
        if !token.isEmpty, Self.isEqual("Bearer \(token)", given) { return nil }
        counts.purgesRefused += 1
        var response = HTTPResponse(
            token.isEmpty ? 403 : 401, error: "this client may not purge")
        if !token.isEmpty { response.head.headers["WWW-Authenticate"] = "Bearer" }
        return response
    }

    /// In a time that does not tell how much of it was right.
    private static func isEqual(_ wanted: String, _ given: String) -> Bool {
        let (wanted, given) = (Array(wanted.utf8), Array(given.utf8))
        guard wanted.count == given.count else { return false }
        return zip(wanted, given).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// PURGE of a URI, or of the tags in Surrogate-Key.
    private func purge(_ head: HTTPRequestHead) -> HTTPResponse {
        let kind: EdgeStore.PurgeKind = head.headers["soft-purge"] == "1" ? .soft : .hard
        let tags = CacheTags.parse(
            surrogateKey: head.headers.values(of: "surrogate-key"),
            cacheTag: head.headers.values(of: "cache-tag"))
        if tags.isEmpty { return purged(forget(CacheKey(head), kind)) }
        return purged(tags.reduce(0) { $0 + purge(tag: $1, kind) })
    }

    private func purge(_ content: [UInt8], host: String) -> HTTPResponse {
        guard let order = try? JSON.parse(content.span), order.object != nil else {
            return HTTPResponse(400, error: "expected an object with \"url\", \"tag\" or \"all\"")
        }
        let kind: EdgeStore.PurgeKind = order["soft"]?.bool == true ? .soft : .hard
        if let url = order["url"]?.string {
            let base = CacheKey(authority: host.lowercased(), target: "/")
            guard let key = base.resolving(url) else {
                return HTTPResponse(400, error: "\"url\" is neither a path nor an http URL")
            }
            return purged(forget(key, kind))
        }
        if let tag = order["tag"]?.string { return purged(purge(tag: tag, kind)) }
        guard order["all"]?.bool == true else {
            return HTTPResponse(400, error: "expected \"url\", \"tag\" or \"all\": true")
        }
        for flight in Array(flights.values) + Array(loneFlights.values) { flight.isObsolete = true }
        return purged(store.purgeAll(kind))
    }

    private func purge(tag: String, _ kind: EdgeStore.PurgeKind) -> Int {
        for flight in Array(flights.values) + Array(loneFlights.values) {
            flight.note(purgedTag: tag)
        }
        return store.purge(tag: tag, kind)
    }

    private func purged(_ count: Int) -> HTTPResponse {
        HTTPResponse(200, json: ["purged": .integer(Int64(count))])
    }
}
