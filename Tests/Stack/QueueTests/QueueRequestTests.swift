// The lines by which a request is found in the log of a queue that had a hand in it.

import Endpoints
import Linux
import Reactor
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct QueueRequestTests {
    private final class Lines: Sendable {
        private let written = Mutex<[String]>([])

        var log: Log {
            Log(
                "queue-1", now: { .zero },
                write: { line in self.written.withLock { $0.append(line) } })
        }

        func about(_ request: String) -> [String] {
            written.withLock { $0.filter { $0.contains("request=\(request) ") } }
        }
    }

    @Test func `a refused command is told of under the id of its request`() async throws {
        let lines = Lines()
        try await QueueCluster.with(nodes: 1, log: lines.log) { cluster in
            try await cluster.publish("first")
            // Only so many lines go out in a second, and the election has had its share.
            let told = try await cluster.until("the line") {
                _ = try await cluster.ask(
                    1, "WITH", "r-1", "9000", "ACK", "orders", "workers", "1", "7.7")
                return lines.about("r-1").first
            }
            #expect(told.contains("FENCED the lease is over"))
            #expect(told.contains("tier=queue name=ACK"))
        }
    }

    @Test func `a fetch that waits for a message is not slow`() async throws {
        let lines = Lines()
        try await QueueCluster.with(nodes: 1, log: lines.log) { cluster in
            try await cluster.publish("first")
            _ = try await cluster.fetch()
            let reply = try await cluster.ask(
                1, "WITH", "r-2", "9000", "FETCH", "orders", "workers", "1", "w", "1", "1", "1000",
                "300")
            #expect(reply == .array([]))
            #expect(lines.about("r-2").isEmpty)
        }
    }
}
