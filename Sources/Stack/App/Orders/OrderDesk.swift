// What happens to an order between the checkout and its effect: it waits in the queue for a worker,
// or in a monolith's own queue, or it is done before the answer where there is neither.
//
// The effect is the same everywhere: one row in the user's ledger, and a token beside it that keeps
// a second one away.

import Linux
import Reactor
import Wire

/// An order as it was acknowledged.
struct PlacedOrder: Equatable, Sendable {
    enum State: String, Sendable {
        case queued, done
    }

    var state: State
    /// The node whose promise it is.
    var acknowledgedBy: String
}

/// What is known of an order without effect.
enum PendingOrder: Equatable, Sendable {
    case queued
    case unknown
    /// Nobody could be asked.
    case unreadable(String)
}

@ReactorActor
protocol OrderDesk {
    func place(
        _ order: ShopOrder, deadline: MonotonicTime
    ) async throws(DependencyError) -> PlacedOrder

    /// Of an order that has no effect yet.
    func pending(_ order: ShopOrder, deadline: MonotonicTime) async -> PendingOrder
}

/// An order by its user and the name that the user gave it.
struct ShopOrder: Hashable, Sendable {
    let user: Int
    let id: String

    /// Beside the effect; the same word that workers use.
    var token: String { "{u\(user)}:idem:\(id)" }

    var ledgerPrefix: String { "{u\(user)}:ledger:\(id):" }

    func ledgerKey(by name: String) -> String { ledgerPrefix + name }

    /// What the ledger says of the effect.
    static func effect(by name: String) -> String {
        let value: JSON = ["by": .string(name), "attempt": 1]
        return value.text
    }
}
