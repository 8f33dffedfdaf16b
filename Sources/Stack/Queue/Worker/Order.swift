// An order as it lies on the queue: `{"user": 17, "order": "o-9"}`.

import Wire

/// What a worker is to do.
struct Order: Equatable, Sendable {
    let user: Int
    let id: String

    /// Nil for what no delivery will ever make readable.
    init?(_ payload: [UInt8]) {
        guard let json = try? JSON.parse(payload.span), let user = json["user"]?.int, user >= 0,
            let id = json["order"]?.string, !id.isEmpty
        else { return nil }
        self.user = user
        self.id = id
    }

    /// Present once the order's effect is in the store.
    var idempotencyKey: String { "{u\(user)}:idem:\(id)" }

    /// The row that is the effect; two of them are an order that was done twice.
    func ledgerKey(_ token: String) -> String { "{u\(user)}:ledger:\(id):\(token)" }
}

/// A message as DEQUEUE replies with it.
struct ReceivedDelivery: Sendable {
    let tag: String
    let id: String
    let attempt: Int
    let payload: [UInt8]

    init?(_ reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 4, let tag = parts[0].text,
            let id = parts[1].text, let attempt = parts[2].integer, let payload = parts[3].bytes
        else { return nil }
        self.tag = tag
        self.id = id
        self.attempt = Int(clamping: attempt)
        self.payload = payload
    }
}
