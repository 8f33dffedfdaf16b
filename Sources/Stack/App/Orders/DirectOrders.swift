// Orders that are done before they are answered, where there is no queue to leave them in: the user
// waits for the work, and a burst of orders is a burst of work.

import Linux
import Reactor

@ReactorActor
struct DirectOrders: OrderDesk {
    let name: String
    let store: any DataStore
    /// The time that one order takes.
    let work: Duration

    func place(
        _ order: ShopOrder, deadline: MonotonicTime
    ) async throws(DependencyError) -> PlacedOrder {
        guard .now() + work < deadline else { throw .unavailable("no time left for the order") }
        await Reactor.sleep(for: work)
        let member = try await store.once(
            token: order.token, order.ledgerKey(by: name), ShopOrder.effect(by: name),
            deadline: deadline)
        return PlacedOrder(state: .done, acknowledgedBy: member)
    }

    func pending(_ order: ShopOrder, deadline: MonotonicTime) async -> PendingOrder { .unknown }
}
