// A node that comes up gets its share of the replicas without being told to by anybody.
//
// It asks, in its news, from its start until for a while nothing was left that would be moved to it. So
// the wish lives with the one who has it: a coordinator that dies takes nothing with it, and a joiner
// that dies asks again with its next start. And only who asks is given anything, so what an operator
// has moved on purpose stays where it was put.
//
// Whoever leads the shard at the beginning of the line answers: there is always just one such shard,
// through splits and merges, and so next to always one such leader. That two of them plan for a moment,
// around an election, does no harm: a move is a change of members that its shard's log decides, and
// each is planned anew from what the nodes tell. One replica moves at a time, from the node that has
// most, and a look is taken again with the next sweep.

import Blueprint
import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

extension StoreServer {
    /// How long a node has to have been there before it is given anything: one that falls over at
    /// once would cost a copy for nothing.
    static let joinPatience = Duration.milliseconds(700)
    /// How long nothing may be left to ask for before a node asks no more: longer than news takes.
    static let contentTime = Duration.seconds(2)
    private static let failurePause = Duration.seconds(1)

    // MARK: The one that comes up

    /// Stops asking once it has had nothing to ask for in a while.
    func noteShare() {
        guard isAskingForShare else { return }
        // Alone nobody knows what its share is.
        guard routes.present.count > 1, let placement,
            ShardBalance.next(placement, nodes: routes.present, to: [settings.node]) == nil
        else {
            contentSince = nil
            return
        }
        let since = contentSince ?? .now()
        contentSince = since
        if .now() - since > Self.contentTime { isAskingForShare = false }
    }

    // MARK: The one that plans

    private var plansForStore: Bool {
        shards.values.contains { replica in
            replica.isLeader && replica.state.table.ownership.range.lower == 0
                && replica.state.table.ties.frozen == nil
        }
    }

    /// Begins to move one replica to a node that asks for its share, if there is one to move.
    func balanceForNewcomers() {
        guard settings.rebalance == .automatic, !isBalancing, plansForStore,
            .now() >= balancePauseEnd
        else { return }
        let joiners =
            routes.asking(for: Self.joinPatience) + (isAskingForShare ? [settings.node] : [])
        guard !joiners.isEmpty, let placement,
            let move = ShardBalance.next(placement, nodes: routes.present, to: joiners)
        else { return }
        isBalancing = true
        Task { @ReactorActor in
            do throws(CommandRefusal) {
                try await carryOut(move, deadline: .now() + ShardCommands.moveTimeout)
            } catch {
                log.warning("not balanced yet", ["shard": move.shard, "why": error.text])
                balancePauseEnd = .now() + Self.failurePause
            }
            isBalancing = false
        }
    }

    // MARK: Newcomers

    private var newcomersFile: String { dataFolder + "/newcomers" }

    /// Those that an earlier life of this node has heard of.
    func readNewcomers() throws(ReplicationError) {
        guard File.exists(newcomersFile) else { return }
        do throws(SyscallError) {
            for line in try File.text(of: newcomersFile).split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                if let newcomer = Newcomer(words: words) { introduce(newcomer) }
            }
        } catch {
            throw .system(error)
        }
    }

    /// Makes a node known here, durably; false when it is another one under a known name, or when
    /// that failed.
    func takeIn(_ newcomer: Newcomer) -> Bool {
        if let known = routes.address(of: newcomer.id) { return known == newcomer.place }
        guard routes.node(named: newcomer.place.client.name) == nil,
            routes.newcomers.count < Newcomer.countMax
        else { return false }
        let lines = (routes.newcomers + [newcomer]).map { $0.words.joined(separator: " ") + "\n" }
        do throws(SyscallError) {
            try File.replace(newcomersFile, with: Array(lines.joined().utf8))
        } catch {
            log.error("a newcomer cannot be written down", ["error": error])
            return false
        }
        introduce(newcomer)
        log.info("joined", ["node": newcomer.place.client.name, "peer": newcomer.place.peer])
        return true
    }

    private func introduce(_ newcomer: Newcomer) {
        guard routes.add(newcomer) else { return }
        host.add(HostAddress(id: newcomer.id, address: newcomer.place.peer))
    }
}
