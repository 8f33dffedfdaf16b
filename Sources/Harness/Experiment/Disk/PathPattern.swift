// A pattern of paths within a node's data folder, as `log/*` or `**/state.mdb`.

/// A glob: `*` and `?` stand for characters of one name, `**` for any number of names.
package struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    static let lengthMax = 200

    /// Nil for what cannot be a path within a folder.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !text.isEmpty, text.utf8.count <= Self.lengthMax,
            !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else { return nil }
        description = text
    }

    /// Whether a path, relative to the data folder, is meant.
    package func matches(_ path: String) -> Bool {
        Self.match(
            description.split(separator: "/")[...], path.split(separator: "/")[...])
    }

    private static func match(
        _ pattern: ArraySlice<Substring>, _ path: ArraySlice<Substring>
    ) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        let rest = pattern.dropFirst()
        if first == "**" {
            return match(rest, path) || (!path.isEmpty && match(pattern, path.dropFirst()))
        }
        guard let name = path.first else { return false }
        return fits(Array(first.utf8), Array(name.utf8)) && match(rest, path.dropFirst())
    }

    /// One name, by going back to the last star: linear in practice, quadratic at worst.
    private static func fits(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (place, at) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, at)
                place += 1
            } else if place < pattern.count,
                pattern[place] == name[at] || pattern[place] == UInt8(ascii: "?")
            {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (place, at) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
