// A node of a group at work: it hears and speaks for `ElectionState`, keeps its followers' streams going while it
// leads, and copies its leader while it does not. Peers talk over the port of the clients, in commands of their
// own, so that whatever cuts clients off cuts peers off too:
//
//     REPL VOTE epoch node epoch offset     1 or 0 and the voter's epoch; the last two tell the copy
//     REPL LEADER epoch node                the hearer's epoch
//     REPL SYNC node epoch offset           CONTINUE or COPY; from then on the stream
//     in the stream    REPL PING epoch ms   answered by REPL ACK offset ms
//                      REPL COPIED epoch offset

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class Replicator {
    private let server: CacheServer
    let settings: CacheGroupSettings
    private(set) var election: ElectionState
    private let peers: [Int: RESPClient]
    private var streams: [Int: FollowerStream] = [:]
    private var link: LeaderLink?
    private let memoryLimit: Int
    /// Where the epoch survives a restart: a node must not vote twice in one.
    private let epochFile: String
    private var announcedAt = CacheTime(milliseconds: .min)
    private var isStopped = false
    private let acknowledged = Turnstile()

    private static let tick: Duration = .milliseconds(25)

    init(
        _ server: CacheServer, _ settings: CacheGroupSettings, folder: String
    ) throws(SyscallError) {
        self.server = server
        self.settings = settings
        epochFile = "\(folder)/epoch"
        try File.makeDirectories(folder)
        let kept = (try? File.text(of: epochFile)).flatMap { UInt64($0) } ?? 0
        election = ElectionState(
            node: settings.node, memberCount: settings.members.count,
            electionTimeout: settings.electionTimeout.nanoseconds / 1_000_000, epoch: kept,
            now: .now(), spread: Self.spread())
        peers = Dictionary(
            uniqueKeysWithValues: settings.members.enumerated().compactMap { index, member in
                index + 1 == settings.node ? nil : (index + 1, RESPClient(member.address))
            })
        memoryLimit = server.engine.keyspace.memoryLimit
        server.engine.replication = ReplicationState(standing: .follower(of: nil))
        becomeFollower(of: nil)
    }

    func run() async {
        while !isStopped {
            tick()
            await Reactor.sleep(for: Self.tick)
        }
    }

    func stop() {
        isStopped = true
        link?.stop()
        for peer in peers.values { peer.close() }
    }

    private static func spread() -> Double { Double.random(in: 0..<1) }

    private func tick() {
        let now = CacheTime.now()
        guard election.isLeader else {
            if election.isDue(at: now) { stand(at: now) }
            return
        }
        let timeout = settings.electionTimeout.nanoseconds / 1_000_000
        let end = election.leaseEnd ?? now
        server.engine.replication?.quorumUntil = end
        if now.milliseconds > end.milliseconds &+ timeout {
            election.giveUp(at: now, spread: Self.spread())
            return becomeFollower(of: nil)
        }
        announce(at: now)
        for stream in streams.values { stream.ping(epoch: election.epoch, at: now) }
        pump()
    }

    private var state: ReplicationState {
        server.engine.replication ?? ReplicationState(standing: .follower(of: nil))
    }

    private var progress: ElectionState.Progress {
        state.isComplete
            ? ElectionState.Progress(epoch: state.streamEpoch, offset: state.offset)
            : ElectionState.Progress()
    }
}

// MARK: - Elections

extension Replicator {
    private func stand(at now: CacheTime) {
        election.stand(at: now, spread: Self.spread())
        guard keepEpoch() else { return }
        let epoch = election.epoch
        let words = [
            "REPL", "VOTE", "\(epoch)", "\(election.node)", "\(progress.epoch)",
            "\(progress.offset)",
        ]
        let deadline = MonotonicTime.now() + settings.electionTimeout
        for (node, peer) in peers {
            Task { @ReactorActor in
                let reply = try? await peer.call(words, deadline: deadline)
                guard let parts = reply?.elements, parts.count == 2 else { return }
                if parts[0].integer == 1 { election.count(vote: node, in: epoch) }
                hear(of: parts[1].integer)
                if election.isLeader, state.standing.isFollower { becomeLeader() }
            }
        }
        if election.isLeader { becomeLeader() }
    }

    private func hear(of epoch: Int64?) {
        guard let epoch, UInt64(clamping: epoch) > election.epoch else { return }
        let led = election.isLeader
        election.note(epoch: UInt64(clamping: epoch))
        if led { becomeFollower(of: nil) }
    }

    /// False when the epoch could not be kept; then it must not be acted upon.
    private func keepEpoch() -> Bool {
        do {
            try File.save(Array("\(election.epoch)".utf8), to: epochFile)
            return true
        } catch {
            return false
        }
    }

    private func becomeLeader() {
        link?.stop()
        link = nil
        server.engine.replication?.lead(in: election.epoch)
        server.engine.replication?.quorumUntil = election.leaseEnd ?? .now()
        server.engine.keyspace.departures = []
        server.engine.keyspace.setMemoryLimit(memoryLimit, at: .now())
        announcedAt = CacheTime(milliseconds: .min)
        announce(at: .now())
    }

    /// A follower evicts and expires nothing by itself that its leader would not.
    private func becomeFollower(of leader: Int?) {
        for stream in streams.values { stream.close() }
        streams.removeAll()
        link?.stop()
        link = nil
        let address = leader.map { settings.members[$0 - 1].address }
        server.engine.replication?.follow(
            address.map { ReplicationState.Address(host: "\($0.ip)", port: $0.port) },
            in: election.epoch)
        server.engine.keyspace.departures = nil
        server.engine.keyspace.setMemoryLimit(0, at: .now())
        // A peer that is heard while the node stops must not make it a follower again.
        guard let leader, let address, !isStopped else { return }
        link = LeaderLink(self, leader: leader, address)
    }

    private func announce(at now: CacheTime) {
        guard now.milliseconds - 200 >= announcedAt.milliseconds else { return }
        announcedAt = now
        let words = ["REPL", "LEADER", "\(election.epoch)", "\(election.node)"]
        for (node, peer) in peers where streams[node] == nil {
            Task { @ReactorActor in
                let deadline = MonotonicTime.now() + .milliseconds(200)
                let reply = try? await peer.call(words, deadline: deadline)
                hear(of: reply?.integer)
            }
        }
    }
}

// MARK: - What peers say

extension Replicator {
    func answer(_ command: StoredCommand, of session: CacheSession) {
        let words = command.words.map { String(decoding: command.bytes[$0], as: UTF8.self) }
        let numbers = words.dropFirst(2).map { Int64($0) ?? -1 }
        var reply = ReplyBuffer()
        switch (words.count > 1 ? words[1].uppercased() : "", numbers.count) {
        case ("VOTE", 4): vote(numbers, into: &reply)
        case ("LEADER", 2): hear(numbers, into: &reply)
        case ("SYNC", 3): sync(numbers, session, into: &reply)
        case ("ACK", 2): return acknowledge(numbers, session)
        default: reply.error("ERR unknown replication command")
        }
        session.stream.send(reply.span)
        pump()
    }

    private func member(_ number: Int64) -> Int? {
        (1...settings.members.count).contains(Int(clamping: number)) ? Int(number) : nil
    }

    private func vote(_ numbers: [Int64], into reply: inout ReplyBuffer) {
        guard let candidate = member(numbers[1]), numbers.allSatisfy({ $0 >= 0 }) else {
            return reply.error("ERR not a member")
        }
        let theirs = ElectionState.Progress(epoch: UInt64(numbers[2]), offset: numbers[3])
        let led = election.isLeader
        let granted = election.vote(
            for: candidate, in: UInt64(numbers[0]), with: theirs, own: progress, at: .now(),
            spread: Self.spread())
        if granted, led { becomeFollower(of: nil) }
        reply.arrayHeader(count: 2)
        reply.integer(granted && keepEpoch() ? 1 : 0)
        reply.integer(Int64(clamping: election.epoch))
    }

    private func hear(_ numbers: [Int64], into reply: inout ReplyBuffer) {
        guard let leader = member(numbers[1]), numbers[0] >= 0 else {
            return reply.error("ERR not a member")
        }
        note(leader: leader, in: UInt64(numbers[0]))
        reply.integer(Int64(clamping: election.epoch))
    }

    /// True when the node does lead, as far as this one knows.
    @discardableResult
    func note(leader: Int, in epoch: UInt64) -> Bool {
        let (before, led) = (election.epoch, election.isLeader)
        guard election.hear(leader: leader, in: epoch, at: .now(), spread: Self.spread()) else {
            return false
        }
        if election.epoch != before { _ = keepEpoch() }
        if led || link?.leader != leader { becomeFollower(of: leader) }
        return true
    }

    private func sync(
        _ numbers: [Int64], _ session: CacheSession, into reply: inout ReplyBuffer
    ) {
        guard election.isLeader, let node = member(numbers[0]), node != election.node else {
            return reply.error("ERR does not lead")
        }
        streams[node]?.close()
        let theirs = ElectionState.Progress(epoch: UInt64(clamping: numbers[1]), offset: numbers[2])
        let continues = state.canContinue(from: theirs)
        reply.simple(
            continues ? "CONTINUE \(election.epoch)" : "COPY \(election.epoch)")
        let start = continues ? theirs.offset : state.offset
        streams[node] = FollowerStream(
            session, address: settings.members[node - 1].address, epoch: election.epoch,
            from: start, copying: !continues)
        noteFollowers()
    }

    private func acknowledge(_ numbers: [Int64], _ session: CacheSession) {
        guard let (node, stream) = streams.first(where: { $0.value.session === session }) else {
            return
        }
        stream.acknowledged = numbers[0]
        election.note(answer: node, toldAt: CacheTime(milliseconds: numbers[1]))
        server.engine.replication?.quorumUntil = election.leaseEnd ?? .now()
        noteFollowers()
        acknowledged.wakeAll()
    }

    private func noteFollowers() {
        server.engine.replication?.followers = streams.sorted { $0.key < $1.key }.map {
            ReplicationState.Follower(
                address: .init(host: "\($1.address.ip)", port: $1.address.port),
                acknowledged: $1.acknowledged)
        }
    }

    /// Sends every follower what is new; called after every batch of commands.
    func pump() {
        guard election.isLeader else { return }
        server.engine.passOnDepartures()
        for (node, stream) in streams where !stream.pump(server.engine) {
            stream.close()
            streams[node] = nil
            noteFollowers()
        }
    }

    func forget(_ session: CacheSession) {
        guard let node = streams.first(where: { $0.value.session === session })?.key else { return }
        streams[node] = nil
        noteFollowers()
    }

    /// WAIT: how many followers have all that was written so far, once there are enough or time is up.
    func wait(for count: Int, until deadline: MonotonicTime) async -> Int {
        let offset = state.offset
        while true {
            let reached = streams.values.count { !$0.isCopying && $0.acknowledged >= offset }
            if reached >= count || !election.isLeader { return reached }
            for stream in streams.values {
                stream.ping(epoch: election.epoch, at: .now(), now: true)
            }
            guard await acknowledged.wait(deadline: deadline) else { return reached }
        }
    }
}

// MARK: - As a follower

extension Replicator {
    /// How a node asks for the stream.
    var syncRequest: [UInt8] {
        RESPValue.command(
            "REPL", "SYNC", "\(election.node)", "\(progress.epoch)", "\(progress.offset)")
    }

    func beginCopy() {
        server.engine.replication?.isComplete = false
        server.engine.keyspace.flush()
    }

    func endCopy(in epoch: UInt64, at offset: Int64) {
        server.engine.replication?.restart(in: epoch, at: offset)
    }

    func noteContinued(in epoch: UInt64) { server.engine.replication?.streamEpoch = epoch }

    var isLinked: Bool {
        get { state.isLinked }
        set { server.engine.replication?.isLinked = newValue }
    }

    /// Runs what the leader ran.
    func apply(_ bytes: Span<UInt8>, _ words: Span<Range<Int>>, for client: inout ClientState) {
        var reply = ReplyBuffer()
        server.engine.execute(
            CommandCall(bytes: bytes, words: words, now: .now()), for: &client, into: &reply)
        guard state.isComplete else { return }
        server.engine.replication?.append([UInt8](copying: bytes))
    }

    /// What a ping of the leader is answered with.
    func acknowledgement(ofPing time: Int64) -> [UInt8] {
        RESPValue.command("REPL", "ACK", "\(state.isComplete ? state.offset : 0)", "\(time)")
    }
}
