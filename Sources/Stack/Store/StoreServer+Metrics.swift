// What a node of the store measures itself; what it counts otherwise is in its INFO.

import Endpoints
import Raft
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
        for (group, replica) in shards.sorted(by: { $0.key < $1.key }) {
            describe(replica, ["shard": "\(group.rawValue)"], &page)
        }
    }

    /// A node may have replicas of several shards, each with a role of its own.
    private func describe(
        _ replica: StoreGroup, _ labels: MetricsPage.Labels, _ page: inout MetricsPage
    ) {
        let status = replica.status
        page.gauge(
            "store_shard_leads", "Whether this node leads the shard.",
            status.role == .leader ? 1 : 0, labels)
        page.gauge("store_shard_term", "The shard's term.", Double(status.term.rawValue), labels)
        page.gauge(
            "store_shard_commit_index", "The last entry known to be committed.",
            Double(status.commit.rawValue), labels)
        page.gauge(
            "store_shard_applied_index", "The last entry that reads here see.",
            Double(replica.state.applied.index.rawValue), labels)
        page.gauge(
            "store_shard_pending_writes", "Writes that wait to be committed.",
            Double(replica.pendingWriteCount), labels)
    }
}
