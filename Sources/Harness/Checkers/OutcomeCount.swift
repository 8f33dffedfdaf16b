// How many operations ended how. The denominators of all shares are planned operations: a system
// that is too slow to be asked must not look better for it (coordinated omission).

package import History

package struct OutcomeCount: Hashable, Sendable {
    package var ok = 0
    package var failed = 0
    package var unknown = 0
    package var shed = 0
    package var neverSent = 0

    package init() {}

    package init(_ operations: some Sequence<Operation>) {
        for operation in operations { add(operation.outcome) }
    }

    package mutating func add(_ outcome: Operation.Outcome) {
        switch outcome {
        case .ok: ok += 1
        case .failed: failed += 1
        case .unknown: unknown += 1
        case .shed: shed += 1
        case .neverSent: neverSent += 1
        }
    }

    package var planned: Int { ok + failed + unknown + shed + neverSent }
    package var notOK: Int { planned - ok }
}
