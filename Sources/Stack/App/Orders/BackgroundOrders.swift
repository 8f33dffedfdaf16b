// The orders of a monolith: on its own disk before they are acknowledged, done by itself behind the
// answer. A row `{u17}:order:o-9` stands for an order that is not done; effect, token and the row's
// end are one write, so a crash leaves an order either waiting or done. A start takes up what waits.

import Collections
import Linux
import Reactor
import Telemetry

@ReactorActor
final class BackgroundOrders: OrderDesk {
    private let name: String
    private let store: OwnStore
    private let work: Duration
    private let waitingMax: Int
    private var waiting = FIFO<ShopOrder>()
    private var inWork = 0
    private let log: Log
    /// Orders worked on at once, as one worker does.
    private static let concurrency = 8

    /// `waiting` are the orders that an earlier process left; past `waitingMax` further ones are
    /// refused.
    init(
        name: String, store: OwnStore, work: Duration, waiting: [ShopOrder],
        waitingMax: Int = 10_000
    ) {
        self.name = name
        self.store = store
        self.work = work
        self.waitingMax = waitingMax
        log = Log(name)
        for order in waiting { self.waiting.append(order) }
        if !waiting.isEmpty { log.info("orders taken up", ["count": waiting.count]) }
        startWork()
    }

    /// Acknowledged and not done.
    var backlog: Int { waiting.count + inWork }

    func place(
        _ order: ShopOrder, deadline: MonotonicTime
    ) async throws(DependencyError) -> PlacedOrder {
        if try await store.get(order.token, deadline: deadline) != nil {
            return PlacedOrder(state: .done, acknowledgedBy: name)
        }
        if try await store.get(order.row, deadline: deadline) != nil {
            return PlacedOrder(state: .queued, acknowledgedBy: name)
        }
        guard backlog < waitingMax else { throw .overloaded("too many orders wait") }
        _ = try await store.set(order.row, "queued", deadline: deadline)
        waiting.append(order)
        startWork()
        return PlacedOrder(state: .queued, acknowledgedBy: name)
    }

    func pending(_ order: ShopOrder, deadline: MonotonicTime) async -> PendingOrder {
        do {
            return try await store.get(order.row, deadline: deadline) == nil ? .unknown : .queued
        } catch {
            return .unreadable("\(error)")
        }
    }

    private func startWork() {
        while inWork < Self.concurrency, let order = waiting.popFirst() {
            inWork += 1
            Task { @ReactorActor in
                await carryOut(order)
                inWork -= 1
                startWork()
            }
        }
    }

    /// Goes on trying while the disk is well; after that the order waits on it for the next start.
    private func carryOut(_ order: ShopOrder) async {
        await Reactor.sleep(for: work)
        while store.isWritable {
            do {
                return try await finish(order)
            } catch {
                log.error("order not done yet", ["order": order.id, "reason": "\(error)"])
                await Reactor.sleep(for: .milliseconds(200))
            }
        }
    }

    private func finish(_ order: ShopOrder) async throws(DependencyError) {
        let effect = Array(ShopOrder.effect(by: name).utf8)
        let changes: [RowChange] = [
            .put(key: order.ledgerKey(by: name), value: effect), .remove(key: order.row),
        ]
        let deadline = MonotonicTime.now() + .seconds(30)
        let isDone = try await store.once(token: order.token, changes, deadline: deadline)
        // Placed twice at the same time: the second one's row is left over.
        if !isDone { try await store.remove(order.row, deadline: deadline) }
    }
}

extension ShopOrder {
    /// Stands for the order until it is done.
    var row: String { "{u\(user)}:order:\(id)" }

    /// Nil for any other row.
    init?(row key: String) {
        let parts = key.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "order", parts[0].hasPrefix("{u"),
            parts[0].hasSuffix("}"), let user = Int(parts[0].dropFirst(2).dropLast())
        else { return nil }
        self.init(user: user, id: String(parts[2]))
    }
}
