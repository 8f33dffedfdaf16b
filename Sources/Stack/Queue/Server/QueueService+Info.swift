// INFO: the figures of the whole queue and of each topic, as `name:value` lines.

import Linux
import Reactor
import Telemetry

extension QueueService {
    private static let counterNames = [
        "enqueued", "duplicates", "delivered", "redelivered", "acknowledged", "stale",
        "given_back", "overloaded", "written_again",
    ]

    var information: String {
        var lines = ["role:leader", "generation:\(broker.generation.rawValue)"]
        lines += Self.counterNames.map { "\($0):\(counters[$0])" }
        lines += [
            "messages:\(broker.messageCount)", "message_bytes:\(broker.byteCount)",
            "log_syncs:\(storage.syncCount)", "log_records:\(storage.recordCount)",
            "log_first_index:\(storage.firstIndex)", "log_durable_index:\(storage.durableIndex)",
            "log_segments:\(storage.segmentCount)", "log_bytes:\(storage.byteCount)",
        ]
        lines += broker.topics.keys.sorted().map(topicLine)
        return lines.map { $0 + "\r\n" }.joined()
    }

    private func topicLine(_ topic: String) -> String {
        let depth = broker.depth(of: topic, now: .now())
        return "topic_\(topic):ready=\(depth.ready),inflight=\(depth.inFlight),"
            + "acked=\(depth.acknowledged),oldest_age_ms=\(depth.oldestAge.nanoseconds / 1_000_000)"
    }
}
