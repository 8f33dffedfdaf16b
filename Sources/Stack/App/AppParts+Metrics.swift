// What an app shows of its dependencies and of what it keeps itself.

import Reactor
import Telemetry

extension AppParts {
    func describe(_ page: inout MetricsPage) {
        if let store = guarded.first { describe(store, &page) }
        if let queue {
            page.gauge("app_queue_calls", "Calls of the queue now.", Double(queue.calls))
            page.gauge(
                "app_queue_breakers_open", "Partitions that are left alone.",
                Double(queue.openBreakers))
            page.counter(
                "app_orders_refused_early_total", "Orders refused without asking the queue.",
                queue.refusedEarly)
        }
        if let staleCopies {
            page.counter(
                "app_served_stale_total", "Documents served while the store was away.",
                staleCopies.served)
        }
        if let own = store as? OwnStore { describe(own, &page) }
        if let orders = orders as? BackgroundOrders {
            page.gauge(
                "app_orders_waiting", "Orders acknowledged and not done.", Double(orders.backlog))
        }
        if let sessions = sessions as? OwnSessions {
            page.gauge("app_sessions", "Sessions in this process.", Double(sessions.count))
        }
    }

    private func describe(_ store: GuardedStore, _ page: inout MetricsPage) {
        page.gauge("app_store_calls", "Calls of the store now.", Double(store.bulkhead.calls))
        page.counter(
            "app_store_no_place_total", "Calls of the store that found no place.",
            store.bulkhead.refused)
        page.counter(
            "app_store_refused_total", "Calls that a breaker kept from the store.",
            guarded.reduce(0) { $0 + $1.refused })
        page.gauge(
            "app_store_breakers_open", "Shards that are left alone.", Double(store.openBreakers))
    }

    private func describe(_ own: OwnStore, _ page: inout MetricsPage) {
        page.gauge("app_rows", "Rows in memory.", Double(own.rowCount))
        page.gauge("app_row_bytes", "Bytes of rows in memory.", Double(own.byteCount))
        page.gauge("app_journal_bytes", "Bytes of the journal.", Double(own.journalSize))
    }
}
