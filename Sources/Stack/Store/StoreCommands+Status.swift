// What a replica says about itself: ROLE for programs that look for the leader, INFO for people
// and for the harness, which reads it to see that a fault took hold.

import Blueprint
import Raft
import Replication
import Wire

extension StoreCommands {
    /// Role, term, id of the leader or -1, commit index.
    var role: RESPValue {
        let status = replica.status
        return .array([
            .bulk(Self.word(for: status.role)), .integer(Int64(status.term.rawValue)),
            .integer(status.leader.map { Int64($0.rawValue) } ?? -1),
            .integer(Int64(status.commit.rawValue)),
        ])
    }

    var infoText: String {
        let status = replica.status
        let figures = host.figures
        var lines: [(String, String)] = [
            ("role", Self.word(for: status.role)), ("term", "\(status.term)"),
            ("leader", status.leader.map(\.description) ?? "-1"),
            ("shard", "\(settings.shard)"), ("replica", "\(settings.replica)"),
            ("replication", settings.replication.rawValue),
            ("commit", "\(status.commit)"), ("applied", "\(replica.state.applied.index)"),
            ("last", "\(status.last.index)"), ("stable", "\(status.stable)"),
            ("compacted", "\(status.compacted)"),
            ("journal_first", "\(figures.logFirst)"),
            ("journal_last", "\(figures.logLast)"),
            ("journal_bytes", "\(figures.logBytes)"),
            ("syncs", "\(figures.syncCount)"),
            ("pending_writes", "\(replica.pendingWriteCount)"),
            ("pending_reads", "\(status.pendingReads)"),
            ("reads", "\(self.figures.reads)"),
        ]
        for peer in status.matches {
            lines.append(("peer_\(peer.id)", "match=\(peer.match),active=\(peer.isActive)"))
        }
        return lines.map { "\($0):\($1)\r\n" }.joined()
    }

    static func word(for role: RaftRole) -> String {
        switch role {
        case .follower: "follower"
        case .preCandidate, .candidate: "candidate"
        case .leader: "leader"
        }
    }
}
