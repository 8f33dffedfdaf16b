// The queue as a worker sees it. Polls wait for messages and acknowledgements must not wait behind
// them, so each has a connection of its own.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class OrderQueue {
    /// Short enough for a worker that is told to end to notice it.
    static let pollWait = Duration.milliseconds(500)

    private let topic: String
    private let worker: String
    private let visibility: Duration
    private let polls: LeaderSeeker
    private let answers: LeaderSeeker

    init(_ settings: WorkerSettings, worker: String, random: SeededRandom) {
        topic = settings.topic
        self.worker = worker
        visibility = settings.visibility
        polls = LeaderSeeker(settings.queue, random: random.fork("polls"))
        answers = LeaderSeeker(settings.queue, random: random.fork("answers"))
    }

    /// True when the queue answers.
    func ping(deadline: MonotonicTime) async -> Bool {
        let reply = try? await answers.call(["PING"], deadline: deadline)
        return reply?.value == .simple("PONG")
    }

    /// Up to so many messages; an empty answer is an answer, nil is none.
    func poll(_ countMax: Int) async -> [ReceivedDelivery]? {
        let words = [
            "DEQUEUE", topic, worker, String(countMax), milliseconds(visibility),
            milliseconds(Self.pollWait),
        ]
        let deadline = MonotonicTime.now() + Self.pollWait + .milliseconds(500)
        let reply = try? await polls.call(words, deadline: deadline, wait: Self.pollWait)
        return reply?.value.elements?.compactMap(ReceivedDelivery.init)
    }

    /// True when the queue will not deliver it again; false when it may.
    func acknowledge(_ tag: String, deadline: MonotonicTime) async -> Bool {
        let reply = try? await answers.call(["ACK", topic, tag], deadline: deadline)
        return reply?.value == .integer(1)
    }

    func giveBack(_ tag: String, deadline: MonotonicTime) async {
        _ = try? await answers.call(["NACK", topic, tag], deadline: deadline)
    }

    private func milliseconds(_ duration: Duration) -> String {
        String(max(1, duration.nanoseconds / 1_000_000))
    }
}
