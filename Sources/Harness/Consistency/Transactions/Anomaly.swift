// What a transactional history can show that it should not, and which isolation level forbids it
// (Adya 1999; Kingsbury and Alvaro, Elle: Inferring Isolation Anomalies from Experimental
// Observations, 2020).

package enum IsolationLevel: String, CaseIterable, Hashable, Sendable {
    case readUncommitted = "read-uncommitted"
    case readCommitted = "read-committed"
    case snapshotIsolation = "snapshot-isolation"
    case serializable
    /// Serializable, in an order that real time allows.
    case strictSerializable = "strict-serializable"
}

enum Anomaly: String, CaseIterable, Hashable {
    /// A cycle of writes alone.
    case g0 = "G0"
    /// A read of what an aborted transaction wrote.
    case g1a = "G1a"
    /// A read of a value that its transaction itself overwrote.
    case g1b = "G1b"
    /// A cycle of writes and reads of them.
    case g1c = "G1c"
    /// A cycle with one anti-dependency: read skew.
    case gSingle = "G-single"
    /// A cycle with several anti-dependencies: write skew.
    case g2Item = "G2-item"
    /// Two transactions read one version of a key and both write it.
    case lostUpdate = "lost-update"
    /// A transaction that does not see its own earlier reads and writes.
    case `internal`
    /// Two reads that no one order of writes explains.
    case incompatibleOrder = "incompatible-order"
    /// A read that shows one write twice.
    case duplicateElements = "duplicate-elements"
    /// A read of what nobody wrote.
    case garbageRead = "garbage-read"

    func isForbidden(by level: IsolationLevel) -> Bool {
        switch self {
        case .g0, .duplicateElements, .garbageRead, .incompatibleOrder: true
        case .g1a, .g1b, .g1c: level != .readUncommitted
        case .gSingle, .lostUpdate, .internal:
            level != .readUncommitted && level != .readCommitted
        case .g2Item: level == .serializable || level == .strictSerializable
        }
    }
}

/// An anomaly that a history shows, as text.
struct AnomalyReport {
    var anomaly: Anomaly
    var lines: [String]
}
