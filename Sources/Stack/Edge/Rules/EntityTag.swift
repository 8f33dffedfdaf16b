// Entity tags and how they are compared (RFC 9110 section 8.8.3).
//
// Origins and clients write them with and without quotes, and with a small w; none of that may make
// two equal tags differ, because the price is a body sent again for nothing.

package struct EntityTag: Equatable, Sendable {
    /// Weak tags promise the same meaning, not the same bytes.
    package let isWeak: Bool
    /// What is between the quotes, or the whole where there are none.
    package let opaque: String

    package init(_ text: some StringProtocol) {
        var rest = Substring(text)
        let prefix = rest.prefix(2)
        isWeak = prefix == "W/" || prefix == "w/"
        if isWeak { rest = rest.dropFirst(2) }
        let isQuoted = rest.utf8.count >= 2 && rest.hasPrefix("\"") && rest.hasSuffix("\"")
        opaque = String(isQuoted ? rest.dropFirst().dropLast() : rest)
    }

    /// Good enough for If-None-Match.
    package func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// Needed for If-Range: two parts of different bytes must never be put together.
    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }
}
