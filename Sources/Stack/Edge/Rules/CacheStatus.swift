// Cache-Status (RFC 9211): what this cache did with a request, for people and for experiments that
// must prove that an answer came stale.
//
//     Cache-Status: edge-1; hit; ttl=376
//     Cache-Status: edge-1; hit; ttl=-4; detail=stale-if-error
//     Cache-Status: edge-1; fwd=uri-miss; fwd-status=200; stored; collapsed

package struct CacheStatus: Equatable, Sendable {
    /// Why a request went on towards the origin; the words of section 2.2.
    package enum Forward: String, Sendable {
        case method
        case uriMiss = "uri-miss"
        case varyMiss = "vary-miss"
        case stale
        case request
        case partial
    }

    package var isHit = false
    package var forward: Forward?
    package var forwardStatus: Int?
    package var isStored = false
    package var isCollapsed = false
    /// In seconds; negative once stale.
    package var timeToLive: Int64?
    package var detail: String?

    package init() {}

    /// A stored answer that was served although it is stale, which the detail gives the reason of.
    package var isStaleHit: Bool { isHit && detail != nil }

    /// `name` is a token, as node names are.
    package func text(of name: String) -> String {
        var text = name
        if isHit { text += "; hit" }
        if let forward { text += "; fwd=\(forward.rawValue)" }
        if let forwardStatus { text += "; fwd-status=\(forwardStatus)" }
        if let timeToLive { text += "; ttl=\(timeToLive)" }
        if isStored { text += "; stored" }
        if isCollapsed { text += "; collapsed" }
        if let detail { text += "; detail=\(detail)" }
        return text
    }
}
