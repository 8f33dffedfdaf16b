// The queue, as one topic over its partitions.
//
// A message is published under a number of its own, the same in every try, so that a try whose
// answer was lost does not leave it there twice. A queue that has no room says so, and the app
// passes that on at once: whoever waits for room inside an app only moves the backlog there. For a moment
// after that, and while a partition's breaker is open, it is not even asked.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class PartitionedQueue {
    /// One a partition, since each has a leader of its own.
    private let partitions: [LeaderSeeker]
    private let lanes: RequestLanes
    private let passesContext: Bool
    private let bulkhead = Bulkhead("queue")
    private var breakers: [CircuitBreaker]
    /// Until when each partition is taken to be full.
    private var fullUntil: [MonotonicTime?]
    /// Orders that were refused without asking.
    private(set) var refusedEarly = 0
    private static let fullPause: Duration = .milliseconds(20)

    /// `processID` is unique to this start of this process: the queue remembers its producers.
    init(
        _ settings: AppSettings, processID: String, timeouts: DependencyTimeouts,
        random: SeededRandom
    ) {
        partitions = (1...settings.queuePartitions).map { number in
            timeouts.seeker(
                settings.queue, random.fork("partition-\(number)"), retriesOverload: false)
        }
        lanes = RequestLanes(prefix: processID)
        passesContext = settings.queueTakesContext
        fullUntil = partitions.map { _ in nil }
        breakers = partitions.map { _ in
            CircuitBreaker(
                failuresMax: 5, pause: .milliseconds(300), probeTimeout: .milliseconds(500))
        }
    }

    var openBreakers: Int { breakers.count { $0.isOpen } }
    var calls: Int { bulkhead.calls }

    /// Publishes a message and returns the member that acknowledged it.
    func publish(
        _ topic: String, key: String, _ payload: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        let partition = ShardKey.shard(of: key, count: partitions.count)
        try refuseEarly(partition)
        let lane = lanes.take()
        defer { lanes.give(back: lane) }
        let words = ["PUBLISH", topic, key, payload] + lane.words
        let reply = try await bulkhead.run(until: deadline) { () async throws(DependencyError) in
            try await self.call(partition, words, deadline)
        }
        switch reply.value {
        case .integer: return reply.member
        case .error(let text) where text.hasPrefix("OVERLOADED"):
            fullUntil[partition] = .now() + Self.fullPause
            throw .overloaded(text)
        default: throw .unexpected(reply.value)
        }
    }

    private func refuseEarly(_ partition: Int) throws(DependencyError) {
        if let until = fullUntil[partition], .now() < until {
            refusedEarly += 1
            throw .overloaded("the queue was full a moment ago")
        }
        guard breakers[partition].allows(at: .now()) else {
            refusedEarly += 1
            throw .overloaded("the queue was away a moment ago")
        }
    }

    private func call(
        _ partition: Int, _ words: [String], _ deadline: MonotonicTime
    ) async throws(DependencyError) -> LedReply {
        let prefix = passesContext ? RequestContext.prefix(until: deadline) : []
        do {
            let reply = try await partitions[partition].call(prefix + words, deadline: deadline)
            breakers[partition].noteSuccess()
            return reply
        } catch {
            breakers[partition].noteFailure(at: .now())
            throw DependencyError(error)
        }
    }
}
