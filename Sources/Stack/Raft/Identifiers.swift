// The numbers of Raft, one type each, so that a term can never be passed where an index belongs.
// All of them are plain 64-bit values; none wraps in any run that a machine could live through.

/// The logical clock of the protocol: at most one leader exists in each term (Raft paper, 5.1).
package struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The term before any election.
    package static let zero = Term(0)

    package var next: Term { Term(rawValue + 1) }
    package var description: String { "\(rawValue)" }

    package static func < (left: Term, right: Term) -> Bool { left.rawValue < right.rawValue }
}

/// The place of an entry in the log; the first entry has index 1, zero stands for "before the log".
package struct LogIndex: Hashable, Strideable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static let zero = LogIndex(0)

    package var next: LogIndex { LogIndex(rawValue + 1) }
    /// The index before this one; zero has none and traps.
    package var previous: LogIndex { LogIndex(rawValue - 1) }
    package var description: String { "\(rawValue)" }

    package func distance(to other: LogIndex) -> Int {
        Int(Int64(bitPattern: other.rawValue &- rawValue))
    }

    package func advanced(by count: Int) -> LogIndex {
        LogIndex(UInt64(Int64(rawValue) + Int64(count)))
    }

    package static func < (left: LogIndex, right: LogIndex) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// One replica of a group; stable over restarts, and never given to another machine.
package struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }

    package static func < (left: NodeID, right: NodeID) -> Bool { left.rawValue < right.rawValue }
}

/// The driver's own name for one linearizable read; the core only hands it back.
package struct ReadID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }
}

/// Counts the readies of one life of a node; a later one is persisted after an earlier one.
package struct ReadyNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var next: ReadyNumber { ReadyNumber(rawValue + 1) }
    package var description: String { "\(rawValue)" }

    package static func < (left: ReadyNumber, right: ReadyNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// An index together with the term of the entry there, which by Log Matching names the whole prefix.
package struct LogPosition: Hashable, Sendable, CustomStringConvertible {
    package var index: LogIndex
    package var term: Term

    package init(index: LogIndex, term: Term) {
        self.index = index
        self.term = term
    }

    package static let zero = LogPosition(index: .zero, term: .zero)

    package var description: String { "\(index)@\(term)" }

    /// Compares two logs by their last entries, for the election restriction (Raft paper, 5.4.1).
    package func isAtLeastAsUpToDate(as other: LogPosition) -> Bool {
        term == other.term ? index >= other.index : term > other.term
    }
}
