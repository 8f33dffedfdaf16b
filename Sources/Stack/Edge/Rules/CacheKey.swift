// The primary key of the cache: the target URI (RFC 9111 section 2). The scheme is not part of it,
// since this cache serves one.

package import Wire

package struct CacheKey: Hashable, Sendable, CustomStringConvertible {
    /// Host and port as the client wrote them, in small letters.
    package let authority: String
    /// Path and query as the client wrote them.
    package let target: String

    package init(authority: String, target: String) {
        self.authority = authority
        self.target = target
    }

    /// The key of a request; an absolute target outdoes Host (RFC 9112 section 3.2.2).
    package init(_ head: HTTPRequestHead) {
        if head.target.utf8.first == UInt8(ascii: "/") {
            authority = (head.headers["host"] ?? "").lowercased()
            target = head.target
        } else {
            self = CacheKey(uri: head.target) ?? CacheKey(authority: "", target: head.target)
        }
    }

    /// The key of an absolute URI; nil for anything else.
    package init?(uri: String) {
        guard let colon = uri.firstRange(of: "://"),
            ["http", "https"].contains(uri[..<colon.lowerBound].lowercased())
        else { return nil }
        let rest = uri[colon.upperBound...].prefix { $0 != "#" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard end > rest.startIndex else { return nil }
        authority = rest[..<end].lowercased()
        let path = rest[end...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// The key of a reference met in an answer to this one, such as Location (RFC 3986 section 5).
    package func resolving(_ reference: String) -> CacheKey? {
        let reference = String(reference.prefix { $0 != "#" })
        if reference.isEmpty { return self }
        if reference.contains("://") { return CacheKey(uri: reference) }
        if reference.hasPrefix("//") { return CacheKey(uri: "http:\(reference)") }
        let path = target.prefix { $0 != "?" }
        if reference.hasPrefix("?") {
            return CacheKey(authority: authority, target: path + reference)
        }
        if reference.hasPrefix("/") {
            return CacheKey(authority: authority, target: Self.withoutDots(reference))
        }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return CacheKey(authority: authority, target: Self.withoutDots(folder + reference))
    }

    package var description: String { authority + target }

    /// Section 5.2.4: `/a/./b/../c` is `/a/c`. What follows a question mark stays as it is.
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        guard path.contains("/.") else { return target }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for segment in segments {
            switch segment {
            case ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        if let last = segments.last, last == "." || last == ".." { kept.append("") }
        return "/" + kept.joined(separator: "/") + target[path.endIndex...]
    }
}
