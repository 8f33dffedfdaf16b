// The queue: topics of messages that survive a crash, over RESP2.
//
//     PING  ROLE -> ["leader", 1]  INFO
//     ENQUEUE topic id payload                     -> offset, once the disk has it
//     DEQUEUE topic worker max visibilityMs waitMs -> [[tag, id, attempt, payload], ...]
//     ACK topic tag                                -> 1 once the disk has it, 0 when stale
//     NACK topic tag                               -> 1, 0 when stale
//     DEPTH topic                                  -> [ready, inflight, acked, oldestAgeMs]
//
// Delivery is at least once: what was enqueued and not acknowledged is delivered again, after its
// visibility or after a restart. A refusal for lack of room is `-OVERLOADED`, and certainly has no
// effect. One node keeps one queue; there is no replica of it yet, so its machine's disk is what
// stands between an acknowledged message and its loss.

package import Blueprint
import Endpoints
package import Journal
package import Linux
package import Reactor
import Telemetry

/// What the settings of the blueprint leave open.
package struct QueueOptions: Sendable {
    package var limits = BrokerLimits()
    package var journal = JournalOptions()
    package var compaction = CompactionOptions()
    /// How long SIGTERM waits for replies that are owed.
    package var drainTimeout: Duration = .seconds(5)

    package init() {}
}

/// A running queue.
@ReactorActor
package final class QueueServer {
    let service: QueueService
    private let server: RESPServer
    private let drainTimeout: Duration
    private var isEnding = false
    private let ended = Promise<Bool>()

    /// Reads the log in the folder and listens; nothing is accepted before `run`.
    ///
    /// The seed is part of every tier's start; a queue draws no random number.
    package init(
        name: String, listen: SocketAddress, dataFolder: String, settings: QueueSettings,
        seed: UInt64, options: QueueOptions = QueueOptions()
    ) throws(QueueError) {
        let service = try QueueService(
            log: Log(name), folder: dataFolder + "/journal", settings: settings, options: options)
        self.service = service
        drainTimeout = options.drainTimeout
        do {
            server = try RESPServer(listen) { command in await service.handle(command) }
        } catch {
            throw .listen(error)
        }
        service.failed = { [unowned self] error in self.stop(after: error) }
    }

    package var address: SocketAddress { server.address }

    /// Serves until drained or stopped.
    package func run() async {
        await server.run()
        if isEnding { _ = await ended.value() }
    }

    /// Takes no further command, answers those in work, commits, and lets go of the folder.
    package func drain() async {
        isEnding = true
        service.endPolls()
        await server.drain(deadline: .now() + drainTimeout)
        await end()
    }

    /// Closes every connection at once; replies that are owed are never sent.
    package func stop() async {
        isEnding = true
        service.endPolls()
        server.stop()
        await end()
    }

    private func end() async {
        await service.close()
        ended.fulfil(true)
    }

    /// What the disk holds is unknown now, so not one more reply may leave.
    private func stop(after error: JournalError) {
        if isEnding { return }
        server.stop()
        CurrentProcess.exit(1)
    }
}
