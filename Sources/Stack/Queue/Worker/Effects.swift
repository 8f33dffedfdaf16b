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
    private let lanes: RequestLanes
    private let passesContext: Bool

    /// The prefix is unique to this start of the process, since the store remembers its requests.
    init(
        _ shards: [[NamedAddress]], _ layout: ShardLayout, name: String, clientPrefix: String,
        isIdempotent: Bool, passesContext: Bool = false, random: SeededRandom
    ) {
        self.passesContext = passesContext
        router = ShardRouter(layout, shards: shards, random: random)
        self.name = name
        lanes = RequestLanes(prefix: clientPrefix)
        self.isIdempotent = isIdempotent
    }

    /// Tries until the deadline; every try is the same request, so it is applied once.
    func apply(
        _ order: Order, _ lease: ReceivedLease, deadline: MonotonicTime
    ) async -> EffectOutcome {
        let lane = lanes.take()
        defer { lanes.give(back: lane) }
        let prefix = passesContext ? RequestContext.prefix(until: deadline) : []
        let words = prefix + command(order, lease, id: lane.words)
        do {
            let reply = try await router.call(
                words, on: order.idempotencyKey, deadline: deadline)
            return outcome(reply.value)
        } catch {
            return .failed("\(error)")
        }
    }

    private func command(
        _ order: Order, _ lease: ReceivedLease, id: [String]
    ) -> [String] {
        let row = order.ledgerKey("\(name)-\(lease.name)")
        let value: JSON = ["by": .string(name), "attempt": .integer(Int64(lease.attempt))]
        return isIdempotent
            ? ["ONCE", order.idempotencyKey, row, value.text] + id : ["SET", row, value.text] + id
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
