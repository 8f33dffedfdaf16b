// The effect of an order in the store, applied through the shard that owns its user.
//
// `ONCE` sets the order's idempotency key and its ledger row in one step, unless the key is there
// already. So an order that is delivered twice, to two workers at the same time or after a crash
// between effect and acknowledgement, has one row. Without it each delivery leaves a row of its own.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

/// What came of an effect.
enum EffectOutcome: Equatable, Sendable {
    case applied
    /// An earlier delivery had applied it.
    case alreadyApplied
    /// Not known to be applied; the order must be delivered again.
    case failed(String)
}

@ReactorActor
final class Effects {
    private let router: ShardRouter
    private let isIdempotent: Bool
    private let name: String
    private let passesContext: Bool

    init(
        _ shards: [[NamedAddress]], _ layout: ShardLayout, name: String, isIdempotent: Bool,
        passesContext: Bool = false, random: SeededRandom
    ) {
        self.passesContext = passesContext
        router = ShardRouter(layout, shards: shards, random: random)
        self.name = name
        self.isIdempotent = isIdempotent
    }

    /// Tries until the deadline; every try is the same request of a session, so it is applied once,
    /// and a copy that a paused node finds in its socket long after is not applied at all.
    func apply(
        _ order: Order, _ lease: ReceivedLease, deadline: MonotonicTime
    ) async -> EffectOutcome {
        let prefix = passesContext ? RequestContext.prefix(until: deadline) : []
        do {
            let reply = try await router.change(
                prefix + command(order, lease), on: order.idempotencyKey, deadline: deadline)
            return outcome(reply.value)
        } catch {
            return .failed("\(error)")
        }
    }

    private func command(_ order: Order, _ lease: ReceivedLease) -> [String] {
        let row = order.ledgerKey("\(name)-\(lease.name)")
        let value: JSON = ["by": .string(name), "attempt": .integer(Int64(lease.attempt))]
        return isIdempotent
            ? ["ONCE", order.idempotencyKey, row, value.text] : ["SET", row, value.text]
    }

    private func outcome(_ reply: RESPValue) -> EffectOutcome {
        switch reply {
        case .integer(1), .simple("OK"): .applied
        case .integer(0): .alreadyApplied
        case .error(let text): .failed(text)
        case .simple, .integer, .bulk, .null, .array: .failed("unexpected reply")
        }
    }
}
