// The name of a Raft group. A process holds one replica of each of many groups; whatever travels
// between processes, and whatever lies in their shared log, says which group it belongs to.

package struct GroupID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }

    package static func < (left: GroupID, right: GroupID) -> Bool {
        left.rawValue < right.rawValue
    }
}
