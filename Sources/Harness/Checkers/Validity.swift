// What a check can say. There are three answers, not two: a check that could not look is neither
// passed nor failed, and composing checks takes the worst, so that nothing unknown ever adds up to
// a pass (the lattice of Jepsen's checkers).

/// The answer of one check, or of many together; greater is worse for trust in a pass.
package enum Validity: Int, Comparable, Hashable, Sendable {
    case valid
    /// There was no data, or not enough to tell.
    case unknown
    case invalid

    package static func < (left: Validity, right: Validity) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The worst of all; of none at all it is unknown, because no check is no pass.
    package static func worst(of all: some Sequence<Validity>) -> Validity {
        all.max() ?? .unknown
    }
}
