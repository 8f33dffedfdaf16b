// Orders that a worker does later: published to the queue, and noted in the cache for whoever asks
// before a worker has done it. Without a cache nobody knows of an order until it is done.

import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
struct QueuedOrders: OrderDesk {
    let queue: PartitionedQueue
    let cache: CacheTier?

    func place(
        _ order: ShopOrder, deadline: MonotonicTime
    ) async throws(DependencyError) -> PlacedOrder {
        // The worker's lines are to be found by the id of the request that ordered.
        let request = RequestContext.current.map { [("request", JSON.string($0.id))] } ?? []
        let message = JSON.object(
            [("user", .integer(Int64(order.user))), ("order", .string(order.id))] + request)
        let member = try await queue.publish(
            "orders", key: "{u\(order.user)}", message.text, deadline: deadline)
        try? await cache?.set(note(of: order), "queued", lifetime: .seconds(600))
        return PlacedOrder(state: .queued, acknowledgedBy: member)
    }

    func pending(_ order: ShopOrder, deadline: MonotonicTime) async -> PendingOrder {
        guard let cache else { return .unknown }
        do {
            return try await cache.get(note(of: order)) == nil ? .unknown : .queued
        } catch {
            return .unreadable("not done, and no note of it can be looked up")
        }
    }

    private func note(of order: ShopOrder) -> String { "order:\(order.user):\(order.id)" }
}
