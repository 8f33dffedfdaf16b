// Who is turned away first when there is too much: each class may fill only so much of the limit, so
// that the one below is out before the one above feels anything.

package enum Priority: Int, CaseIterable, Comparable, Sendable {
    case sheddable, normal, critical

    package static func < (left: Priority, right: Priority) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Reads the field `X-Priority`; any other word is none.
    package init?(word: String) {
        switch word.lowercased() {
        case "critical": self = .critical
        case "normal": self = .normal
        case "sheddable": self = .sheddable
        default: return nil
        }
    }

    /// The class of a request that names none: checks and sign-ins are needed to get well again, and
    /// what changes something is dearer to its user than a page that can be asked for again.
    package static func usual(isRead: Bool, path: String) -> Priority {
        if path.hasPrefix("/health") || path == "/signin" { return .critical }
        return isRead ? .normal : .critical
    }

    package var word: String {
        switch self {
        case .sheddable: "sheddable"
        case .normal: "normal"
        case .critical: "critical"
        }
    }

    /// The share of the limit up to which the class is let in.
    package var limitShare: Double {
        switch self {
        case .sheddable: 0.7
        case .normal: 0.9
        case .critical: 1
        }
    }

    /// Whether one more fits in; a class may always have one, or a limit of 1 would stop it for good.
    package func isAdmitted(inHand: Int, limit: Int) -> Bool {
        inHand < max(1, Int(Double(limit) * limitShare))
    }
}
