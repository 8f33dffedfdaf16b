// What a node of the store measures itself; what it counts otherwise is in its INFO.

import Endpoints
import Reactor
import Replication
package import Telemetry

extension StoreServer {
    /// Tells of every command in the log, not of failed and slow ones alone.
    package func logEveryRequest() { clients.meter.logEveryRequest() }

    /// Adds rate, errors and duration of commands, and what the disk takes.
    package func describe(_ page: inout MetricsPage) {
        clients.meter.describe(as: "store", &page)
        page.histogram(
            "store_sync_seconds", "What the disk took for each sync of the log.", host.syncSeconds)
    }
}
