// The queue as a worker sees it: one member of a consumer group.
//
// Each partition has a leader of its own, so each has its own seekers. Polls wait for messages and
// acknowledgements must not wait behind them, so they have connections of their own too.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class Consumer {
    /// Short enough for a worker that is told to end to notice it.
    static let pollWait = Duration.milliseconds(500)

    /// What the queue says to a member.
    enum Reply<Value: Sendable>: Sendable {
        case answered(Value)
        /// The session, the assignment or the lease is over.
        case fenced
        case silent
    }

    private let settings: WorkerSettings
    private let member: String
    private let polls: [LeaderSeeker]
    private let answers: [LeaderSeeker]

    init(_ settings: WorkerSettings, member: String, random: SeededRandom) {
        self.settings = settings
        self.member = member
        polls = (1...settings.partitions).map {
            LeaderSeeker(settings.queue, random: random.fork("polls-\($0)"))
        }
        answers = (1...settings.partitions).map {
            LeaderSeeker(settings.queue, random: random.fork("answers-\($0)"))
        }
    }

    // MARK: Membership

    func join(_ incarnation: Int64, deadline: MonotonicTime) async -> Reply<ReceivedAssignment> {
        await session("JOIN", incarnation, deadline)
    }

    func heartbeat(
        _ incarnation: Int64, deadline: MonotonicTime
    ) async -> Reply<ReceivedAssignment> {
        await session("HEARTBEAT", incarnation, deadline)
    }

    func leave(_ incarnation: Int64, deadline: MonotonicTime) async {
        let words = ["LEAVE"] + group + [member, String(incarnation)]
        _ = try? await coordinator.call(words, deadline: deadline)
    }

    private func session(
        _ word: String, _ incarnation: Int64, _ deadline: MonotonicTime
    ) async -> Reply<ReceivedAssignment> {
        let words = [word] + group + [member, String(incarnation)]
        let reply = await Self.ask(coordinator, words, deadline)
        return reply.map(ReceivedAssignment.init)
    }

    private var group: [String] { [settings.topic, settings.group] }

    private var coordinator: LeaderSeeker {
        let name = GroupName(topic: settings.topic, group: settings.group)
        return answers[name.coordinator(partitionCount: answers.count)]
    }

    // MARK: Messages

    /// Up to so many messages; an empty answer is an answer.
    func poll(
        _ partition: Int, generation: Int64, _ countMax: Int
    ) async -> Reply<[ReceivedLease]> {
        let words =
            ["FETCH"] + group + [
                String(partition), member, String(generation), String(countMax),
                milliseconds(settings.visibility), milliseconds(Self.pollWait),
            ]
        let deadline = MonotonicTime.now() + Self.pollWait + .milliseconds(500)
        let reply = await Self.ask(polls[partition - 1], words, deadline, wait: Self.pollWait)
        return reply.map { value in
            value.elements?.compactMap { ReceivedLease($0, partition: partition) }
        }
    }

    func acknowledge(_ lease: ReceivedLease, deadline: MonotonicTime) async -> Reply<Bool> {
        await settle("ACK", lease, [], deadline)
    }

    /// The try failed; `isPoison` says that no further one can help.
    func reject(
        _ lease: ReceivedLease, note: String, isPoison: Bool, deadline: MonotonicTime
    ) async -> Reply<Bool> {
        await settle("REJECT", lease, [isPoison ? "POISON" : "RETRY", note], deadline)
    }

    /// Gives it back without a try.
    func release(_ lease: ReceivedLease, deadline: MonotonicTime) async -> Reply<Bool> {
        await settle("RELEASE", lease, [], deadline)
    }

    private func settle(
        _ word: String, _ lease: ReceivedLease, _ rest: [String], _ deadline: MonotonicTime
    ) async -> Reply<Bool> {
        let words = [word] + group + [String(lease.partition), lease.token] + rest
        return await Self.ask(answers[lease.partition - 1], words, deadline).map { _ in true }
    }

    private static func ask(
        _ seeker: LeaderSeeker, _ words: [String], _ deadline: MonotonicTime,
        wait: Duration = .zero
    ) async -> Reply<RESPValue> {
        guard let reply = try? await seeker.call(words, deadline: deadline, wait: wait) else {
            return .silent
        }
        guard case .error(let text) = reply.value else { return .answered(reply.value) }
        return text.hasPrefix("FENCED") ? .fenced : .silent
    }

    private func milliseconds(_ duration: Duration) -> String {
        String(max(1, duration.nanoseconds / 1_000_000))
    }
}

extension Consumer.Reply {
    /// An answer that cannot be read is none.
    func map<Other: Sendable>(_ read: (Value) -> Other?) -> Consumer.Reply<Other> {
        switch self {
        case .answered(let value): read(value).map(Consumer.Reply<Other>.answered) ?? .silent
        case .fenced: .fenced
        case .silent: .silent
        }
    }
}
