// A node's dealings with other shards: sends them the steps of transactions, asks them for outcomes.
//
// Any node can coordinate a transaction, whichever shards it is about and whether or not it leads:
// everything that must last is in the shards' logs. What every step means is in TwoPhase.swift.

import Blueprint
import Determinism
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

/// How patient a node is with transactions across shards.
struct TransactionLimits: Sendable {
    /// How old one may grow, in the eyes of a leader, before an abort is asked for.
    var lifetime = Duration.seconds(2)
    /// Pause between two looks at what is unfinished.
    var sweepInterval = Duration.milliseconds(200)
    /// How long one client's transaction is tried for.
    var answerTimeout = Duration.milliseconds(1500)
    /// How long the shards are told of an outcome before that is left to the next look.
    var finishTimeout = Duration.seconds(5)
    /// How long a split or a merge waits for transactions to end before it is given up.
    var fenceTimeout = Duration.seconds(4)
    /// How long the other shard of a merge is asked for one part.
    var partTimeout = Duration.seconds(6)
    /// How long a shard has learners that no move is about, before they are let go.
    var learnerLifetime = Duration.seconds(10)
    /// Transactions that this node coordinates at once; more are refused as overload.
    var coordinatedMax = 1024
    /// Unfinished ones that are asked about at once.
    var resolvedAtOnceMax = 16
}

/// The moments of a transaction at which tests stop a coordinator.
enum CoordinatorMoment: Sendable {
    case begun, prepared, decided
}

/// What home says of a transaction.
enum TransactionStatus: String, Sendable {
    case pending, committed, aborted
}

@ReactorActor
final class ShardTransactions {
    let routes: ShardRoutes
    let limits: TransactionLimits
    let log: Log
    /// By shard, with the members that it was made for.
    private var seekers: [GroupID: (members: [NamedAddress], seeker: LeaderSeeker)] = [:]
    private var random: SeededRandom
    /// Names the requests of clients that named none.
    private let anonymousClient: [UInt8]
    private var anonymousCount: UInt64 = 0

    var coordinatedCount = 0
    /// Lets tests stop a node while its coordinator is at a moment.
    var pause: @ReactorActor (CoordinatorMoment) async -> Void = { _ in }
    /// A planted bug for tests: counts every vote as a yes.
    var trustsEveryVote = false

    /// Transactions that are being asked about now.
    var asking: Set<TransactionID> = []
    /// When this leader saw each unfinished one first.
    var firstSeen: [TransactionID: MonotonicTime] = [:]
    private(set) var isRunning = true

    init(routes: ShardRoutes, limits: TransactionLimits, random: SeededRandom, log: Log) {
        self.routes = routes
        self.limits = limits
        self.log = log
        self.random = random.fork("transactions")
        // Random and not seeded: a second life must not use the first one's names again.
        let life = UInt64.random(in: .min ... .max)
        anonymousClient = Array("\(RequestID.reservedMark)c\(life)".utf8)
    }

    /// Whether the keys are, as far as this node knows, of more than one shard.
    func isSpread(_ transaction: Transaction) -> Bool {
        Set(transaction.keys.map { routes.owner(of: $0)?.shard }).count > 1
    }

    func stop() { isRunning = false }

    func anonymousRequest() -> RequestID {
        anonymousCount += 1
        return RequestID(client: anonymousClient, sequence: anonymousCount)
    }

    /// A pause before the next try, longer the more often it was tried, under full jitter.
    func backOff(_ attempt: Int) async {
        let ceiling = Duration.milliseconds(4) * (1 << min(attempt, 5))
        await Reactor.sleep(for: random.duration(in: .zero...ceiling))
    }

    // MARK: Asking a shard

    /// Puts a step into a shard's log.
    func send(
        _ step: TransactionStep, for request: RequestID? = nil, to shard: UInt64,
        deadline: MonotonicTime
    ) async throws(SeekError) -> StoreReply {
        guard isRunning else { throw .unavailable("this node stops") }
        let command: StoreCommand
        do throws(StoreCommandError) {
            command = try StoreCommand(request: request, action: .step(step))
        } catch {
            throw .unavailable(error.description)
        }
        var bytes: [UInt8] = []
        bytes.appendRESP(command: [Array("TWOPHASE".utf8), Array("\(shard)".utf8), command.encoded])
        let reply = try await seeker(shard).call(encoded: bytes, deadline: deadline)
        guard case .bulk(let content) = reply.value, let decoded = StoreReply(bytes: content)
        else { throw .unavailable("shard \(shard) answered \(reply.value)") }
        return decoded
    }

    func status(
        of id: TransactionID, deadline: MonotonicTime
    ) async throws(SeekError) -> TransactionStatus {
        let words = ["TXNSTATUS", "\(id.home)", "\(id.begun)"]
        let reply = try await seeker(id.home).call(words, deadline: deadline)
        guard let status = reply.value.text.flatMap(TransactionStatus.init) else {
            throw .unavailable("shard \(id.home) answered \(reply.value)")
        }
        return status
    }

    /// Sends a command to whoever leads a shard.
    func ask(
        _ shard: GroupID, _ command: [UInt8], deadline: MonotonicTime
    ) async -> Result<RESPValue, SeekError> {
        guard isRunning else { return .failure(.unavailable("this node stops")) }
        do throws(SeekError) {
            let seeker = try seeker(shard.rawValue)
            let wait = limits.partTimeout
            return .success(
                try await seeker.call(encoded: command, deadline: deadline, wait: wait).value)
        } catch {
            return .failure(error)
        }
    }

    /// Of a shard that is part of another one by now, that one's.
    private func seeker(_ shard: UInt64) throws(SeekError) -> LeaderSeeker {
        let id = routes.heir(of: GroupID(shard))
        let members = routes.addresses(of: id)
        if let known = seekers[id], known.members == members { return known.seeker }
        guard !members.isEmpty else { throw .unavailable("shard \(shard) is not known here") }
        let seeker = LeaderSeeker(members, random: random.fork("shard-\(shard)"))
        seekers[id] = (members, seeker)
        return seeker
    }
}
