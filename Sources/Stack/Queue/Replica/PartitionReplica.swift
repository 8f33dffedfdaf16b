// One node's replica of one partition: proposes commands, hands the messages to those who wait for
// them, and does a leader's chores.
//
// A leader's chores: it brings the policy of its own settings into the log before it takes a
// command, lets time pass in the log when something is due and nobody else brings the time, and
// hands the leadership to the node that should have it, so that the leaders of many partitions
// are spread over the nodes.

import Determinism
import Linux
import Raft
import Reactor
import Replication
import Telemetry

@ReactorActor
final class PartitionReplica {
    /// Counted from 1, as people and clients count.
    let number: Int
    let group: ReplicaGroup<PartitionState>
    let polls: PollRoom
    private let policy: PartitionPolicy
    /// The node that leads when all are well.
    private let preferred: NodeID
    private let log: Log
    private var random: SeededRandom
    private var clock = LeaderClock(at: .zero, now: .now())
    /// Since when this replica leads; nil while it does not.
    private var leadsSince: MonotonicTime?
    private var isAdopting = false
    private var isTicking = false
    private var lastTransfer = MonotonicTime(nanoseconds: 0)
    private var isRunning = true
    /// Can be handed out as soon as they are there.
    private var coming = ComingMessages()
    /// Topics of messages that this turn of the loop brought.
    private var freshTopics: Set<String> = []
    /// What this turn of the loop brought and the log does not have yet.
    private var gathered = GatheredCommands()
    private var isSubmissionDue = false
    /// Commands that wait for their majority.
    private var underWay = 0
    /// A batch that is larger goes into the log before its turn is over.
    private static let batchBytesMax = 48 << 10

    init(
        number: Int, group: ReplicaGroup<PartitionState>, policy: PartitionPolicy,
        preferred: NodeID, waitersMax: Int, log: Log, random: SeededRandom
    ) {
        self.number = number
        self.group = group
        self.policy = policy
        self.preferred = preferred
        self.log = log
        self.random = random
        polls = PollRoom(waitersMax: waitersMax)
        group.state.didApply = { [unowned self] in wakeWaiting() }
    }

    var partition: Partition { group.state.partition }

    /// The partition's time as its leader reads it.
    var time: LogTime { clock.read(at: .now(), partition: group.state.partition.now) }

    // MARK: Commands

    /// Writes a command to the log and returns its reply once a majority has it on disk.
    func propose(_ command: PartitionCommand) async throws(QueueRefusal) -> PartitionReply {
        try await reply(of: try begin(command))
    }

    /// Has a command put into the log, behind all that was proposed before.
    private func begin(
        _ command: PartitionCommand
    ) throws(QueueRefusal) -> PendingCommand {
        noteLeadership()
        guard group.isLeader else { throw .notLeader(group.status.leader) }
        guard group.state.partition.policy == policy else {
            adoptPolicy()
            throw .unavailable("a new leader is taking over")
        }
        guard underWay < group.limits.pendingWritesMax else {
            throw QueueRefusal(RaftRefusal.overloaded)
        }
        return gather(command)
    }

    /// Lets a command wait for the others that this turn of the loop brings.
    private func gather(_ command: PartitionCommand) -> PendingCommand {
        underWay += 1
        let pending = gathered.add(command)
        if gathered.byteCount >= Self.batchBytesMax { submit() }
        if !isSubmissionDue {
            isSubmissionDue = true
            Task { @ReactorActor in
                fetchAhead()
                isSubmissionDue = false
                submit()
            }
        }
        return pending
    }

    /// Puts what has gathered into the log, as one entry.
    private func submit() {
        let batch = gathered
        if batch.count == 0 { return }
        gathered = GatheredCommands()
        let write = group.begin(batch.entry(at: time))
        Task { @ReactorActor in
            batch.settle(await write.outcome())
            underWay -= batch.count
        }
    }

    private func reply(
        of command: PendingCommand
    ) async throws(QueueRefusal) -> PartitionReply {
        switch await command.outcome() {
        case .applied(PartitionReply.refused(let refusal)): throw QueueRefusal(refusal)
        case .applied(let reply): return reply
        case .refused(let refusal): throw QueueRefusal(refusal)
        case .unknown: throw .unknown("no majority confirmed it")
        }
    }

    // MARK: Messages

    func publish(_ publication: Publication) async throws(QueueRefusal) -> PartitionReply {
        if group.isLeader, let refusal = group.state.partition.refusal(of: publication) {
            throw QueueRefusal(refusal)
        }
        guard publication.delay == .zero else { return try await propose(.publish(publication)) }
        coming.begin(publication.topic)
        defer { coming.end(publication.topic) }
        freshTopics.insert(publication.topic)
        return try await propose(.publish(publication))
    }

    /// Proposes a fetch, behind all that was published in this turn of the loop, for each group of
    /// which somebody waits: so a message is on a majority's disks and handed out in one round
    /// instead of two.
    private func fetchAhead() {
        let topics = freshTopics
        freshTopics.removeAll(keepingCapacity: true)
        for topic in topics {
            for (poll, fetch) in polls.waitingFirst(on: topic) where isComing(fetch) {
                guard let pending = try? begin(fetch) else { return }
                polls.hand(pending, to: poll)
            }
        }
    }

    /// Waits for the first message; an empty answer when none came in time.
    ///
    /// The member's polls in other lanes go on; one in the same lane ends.
    func fetch(
        _ fetch: Fetch, lane: Int, wait: Duration
    ) async throws(QueueRefusal) -> [Lease] {
        let deadline = MonotonicTime.now() + wait
        guard let poll = polls.enter(fetch.name, member: fetch.member, lane: lane) else {
            throw .overloaded("too many wait for messages")
        }
        defer {
            polls.leave(poll)
            wakeWaiting()
        }
        while true {
            guard group.isLeader else { throw .notLeader(group.status.leader) }
            guard !polls.isClosed else { throw .unavailable("the node is about to end") }
            guard polls.isCurrent(poll) else { return [] }
            // What an earlier leader acknowledged is there once something of the own term is.
            let isSettled = group.state.applied.term == group.status.term
            if isSettled, isWorthFetching(fetch) {
                let leases = try await leases(of: try begin(fetch))
                if !leases.isEmpty { return leases }
            }
            guard .now() < deadline else {
                guard isSettled else { throw .unavailable("a new leader is taking over") }
                return []
            }
            if let ahead = await polls.wait(poll, for: fetch, until: deadline) {
                let leases = try await leases(of: ahead)
                if !leases.isEmpty { return leases }
            }
        }
    }

    private func begin(_ fetch: Fetch) throws(QueueRefusal) -> PendingCommand {
        let pending = try begin(.fetch(fetch))
        coming.noteFetch(fetch.name)
        return pending
    }

    /// Something is there, or stands in the log already and comes before the fetch does.
    private func isWorthFetching(_ fetch: Fetch) -> Bool {
        group.state.partition.isWorthFetching(fetch, at: time) || isComing(fetch)
    }

    private func isComing(_ fetch: Fetch) -> Bool {
        coming.isNews(for: fetch.name) && group.state.partition.mayFetch(fetch)
    }

    private func leases(
        of fetch: PendingCommand
    ) async throws(QueueRefusal) -> [Lease] {
        guard case .leases(let leases) = try await reply(of: fetch) else { return [] }
        return leases
    }

    func reject(
        _ name: GroupName, _ token: LeaseToken, note: String, isPoison: Bool
    ) async throws(QueueRefusal) -> PartitionReply {
        let rejection = Rejection(
            token: token, note: note, isPoison: isPoison, seed: random.next())
        return try await propose(.reject(name, rejection))
    }

    private func wakeWaiting() {
        guard group.isLeader else { return }
        let now = time
        for name in polls.waiting where group.state.partition.isReady(name, at: now) {
            polls.wake(name)
        }
    }

    // MARK: Chores

    /// Looks after the partition until `stop`.
    func run() async {
        while isRunning {
            await Reactor.sleep(for: .milliseconds(20))
            guard isRunning else { return }
            noteLeadership()
            guard let leadsSince else { continue }
            if group.state.partition.policy != policy {
                adoptPolicy()
            } else {
                tickIfDue()
                handOverIfDue(leadsSince)
            }
        }
    }

    func stop() {
        isRunning = false
        polls.close()
    }

    private func noteLeadership() {
        if group.isLeader == (leadsSince != nil) { return }
        if group.isLeader {
            leadsSince = .now()
            clock = LeaderClock(at: group.state.partition.now, now: .now())
            log.info("leads", ["partition": number, "term": group.status.term])
        } else {
            leadsSince = nil
            polls.wakeAll()
        }
    }

    private func adoptPolicy() {
        if isAdopting { return }
        isAdopting = true
        Task { @ReactorActor in
            do throws(QueueRefusal) {
                _ = try await reply(of: gather(.adopt(policy)))
            } catch {
                log.info("policy not adopted yet", ["partition": number, "reason": error.text])
            }
            isAdopting = false
        }
    }

    private func tickIfDue() {
        guard !isTicking, let deadline = group.state.partition.nextDeadline(), deadline <= time
        else { return }
        isTicking = true
        Task { @ReactorActor in
            _ = try? await reply(of: gather(.tick))
            isTicking = false
        }
    }

    /// Kafka's preferred leader election, at most once in five seconds: a node that comes back gets
    /// its share of the leaders again, once it has caught up.
    private func handOverIfDue(_ leadsSince: MonotonicTime) {
        let now = MonotonicTime.now()
        guard preferred != group.replica, now - leadsSince > .seconds(2),
            now - lastTransfer > .seconds(5)
        else { return }
        lastTransfer = now
        let status = group.status
        guard let heir = status.matches.first(where: { $0.id == preferred }), heir.isActive,
            heir.match.distance(to: status.last.index) <= 64
        else { return }
        group.transferLeadership(to: preferred)
    }
}
