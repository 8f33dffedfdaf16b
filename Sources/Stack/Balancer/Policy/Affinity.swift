// Back to the backend that a session was begun at: its token begins with the backend's name and a `~`, as
// HAProxy has it with `cookie ... prefix`. A table of sessions would be lost with the balancer, and a hash of
// the token would not know where the session is. It binds users to machines, which is what a stateless app
// makes needless; it is here so that the price can be measured.

import Wire

struct Affinity: Sendable {
    /// By the hash of the name, its place in the pool.
    private var homes: [UInt64: Int] = [:]
    private var others = LeastConnections()

    /// No backend's name hashes to it, for all that matters.
    static let none: UInt64 = 0

    init(_ members: [(index: Int, name: String)] = []) {
        for member in members { homes[BoundedHash.hash(member.name.utf8)] = member.index }
    }

    mutating func choose(_ candidates: [Candidate], key: UInt64) -> Int? {
        if key != Self.none, let home = homes[key], candidates.contains(where: { $0.index == home })
        {
            return home
        }
        return others.choose(candidates)
    }

    /// Of a session's token; `none` where it names nobody.
    static func key(of token: Span<UInt8>) -> UInt64 {
        for end in token.indices where token[end] == UInt8(ascii: "~") {
            return BoundedHash.hash([UInt8](copying: token.extracting(0..<end)))
        }
        return none
    }
}
