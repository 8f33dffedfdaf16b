// The queue, as one topic over its partitions.
//
// A message is published under a number of its own, the same in every try, so that a try whose
// answer was lost does not leave it there twice. A queue that has no room says so, and the app
// passes that on at once: whoever waits for room inside an app only moves the backlog there.

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
    }

    /// Publishes a message and returns the member that acknowledged it.
    func publish(
        _ topic: String, key: String, _ payload: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        let lane = lanes.take()
        defer { lanes.give(back: lane) }
        let partition = ShardKey.shard(of: key, count: partitions.count)
        let reply: LedReply
        do {
            reply = try await partitions[partition].call(
                ["PUBLISH", topic, key, payload] + lane.words, deadline: deadline)
        } catch {
            throw DependencyError(error)
        }
        switch reply.value {
        case .integer: return reply.member
        case .error(let text) where text.hasPrefix("OVERLOADED"): throw .overloaded(text)
        default: throw .unexpected(reply.value)
        }
    }
}
