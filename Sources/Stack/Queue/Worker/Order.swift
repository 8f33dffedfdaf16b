// An order as it lies on the queue: `{"user": 17, "order": "o-9", "request": "r-1"}`. The request
// is the one that ordered, if it had an id.

import Endpoints
import Wire

/// What a worker is to do.
struct Order: Equatable, Sendable {
    let user: Int
    let id: String
    /// By which the log lines of all tiers are found.
    let request: String?

    /// Nil for what no delivery will ever make readable.
    init?(_ payload: [UInt8]) {
        guard let json = try? JSON.parse(payload.span), let user = json["user"]?.int, user >= 0,
            let id = json["order"]?.string, !id.isEmpty
        else { return nil }
        self.user = user
        self.id = id
        request = json["request"]?.string.flatMap { RequestContext.isLegal(id: $0) ? $0 : nil }
    }

    /// Present once the order's effect is in the store.
    var idempotencyKey: String { "{u\(user)}:idem:\(id)" }

    /// The row that is the effect; two of them are an order that was done twice.
    func ledgerKey(_ token: String) -> String { "{u\(user)}:ledger:\(id):\(token)" }

    /// Whether the order is among the share that nobody can do: the same on every worker and try.
    func isPoison(share: Double) -> Bool {
        let hash = ShardKey.hash(id.utf8.span)
        return Double(hash % 1_000_000) < share * 1_000_000
    }
}
