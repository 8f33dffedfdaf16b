// Where DEQUEUEs wait for messages.
//
// A worker has one poll a topic: a second one of the same name ends the first. Else a worker that
// was killed and started again would find its first message handed to the connection of its
// predecessor, which nobody reads.

import Linux
import Reactor

/// One DEQUEUE that may wait.
struct Poll: Hashable, Sendable {
    let topic: String
    let worker: String
    let number: UInt64
}

@ReactorActor
final class PollRoom {
    private struct Seat: Hashable {
        let topic: String
        let worker: String
    }

    private let waitersMax: Int
    private var current: [Seat: UInt64] = [:]
    private var gates: [String: Turnstile] = [:]
    private(set) var waiterCount = 0
    private var pollCount: UInt64 = 0
    private var isClosed = false

    init(waitersMax: Int) { self.waitersMax = waitersMax }

    /// Nil when too many wait.
    func enter(topic: String, worker: String) -> Poll? {
        guard waiterCount < waitersMax else { return nil }
        pollCount += 1
        waiterCount += 1
        let seat = Seat(topic: topic, worker: worker)
        let superseded = current.updateValue(pollCount, forKey: seat)
        if superseded != nil { gates[topic]?.wakeAll() }
        return Poll(topic: topic, worker: worker, number: pollCount)
    }

    func leave(_ poll: Poll) {
        waiterCount -= 1
        if isCurrent(poll) { current[Seat(topic: poll.topic, worker: poll.worker)] = nil }
        if gates[poll.topic]?.waiterCount == 0 { gates[poll.topic] = nil }
        assert(waiterCount >= 0)
    }

    /// False once a later poll of the worker, or the end of the queue, has taken its place.
    func isCurrent(_ poll: Poll) -> Bool {
        !isClosed && current[Seat(topic: poll.topic, worker: poll.worker)] == poll.number
    }

    /// Returns when there may be something to take, or at the deadline.
    func wait(_ poll: Poll, until deadline: MonotonicTime) async {
        let gate = gates[poll.topic] ?? Turnstile()
        gates[poll.topic] = gate
        _ = await gate.wait(deadline: deadline)
    }

    /// Wakes as many as there are messages, who has waited longest first.
    func wake(_ count: Int, of topic: String) {
        guard let gate = gates[topic] else { return }
        for _ in 0..<min(count, gate.waiterCount) { gate.wakeOne() }
    }

    /// Sends everyone away.
    func close() {
        isClosed = true
        for gate in gates.values { gate.wakeAll() }
    }
}
