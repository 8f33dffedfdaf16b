// metrics.jsonl: what each node said about itself, a line a second and node.
//
//     {"at":13000000000,"time":"2026-01-02T03:04:18.000000Z","node":"store-1-2",
//      "metrics":{"requests":1201,"commitIndex":5523,"cpuSeconds":0.31}}
//
// (on one line). `at` is nanoseconds since the run's epoch.

package import History
import Linux
import Wire

package struct MetricsLine: Hashable, Sendable {
    /// Nanoseconds since the run's epoch.
    package var at: Int64
    package var node: String
    /// In the order in which they are written.
    package var metrics: [Metric]

    package init(at: Int64, node: String, metrics: [Metric]) {
        self.at = at
        self.node = node
        self.metrics = metrics
    }

    package struct Metric: Hashable, Sendable {
        package var name: String
        package var value: Double

        package init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Appends the line; whole numbers are written as such.
    package func append(to bytes: inout [UInt8], epoch: RunEpoch) {
        let values = metrics.map { metric in
            (metric.name, Int64(exactly: metric.value).map(JSON.integer) ?? .number(metric.value))
        }
        let line: JSON = [
            "at": .integer(at), "time": .string(epoch.wallTime(at: at).rfc3339),
            "node": .string(node), "metrics": .object(values),
        ]
        line.encode(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}
