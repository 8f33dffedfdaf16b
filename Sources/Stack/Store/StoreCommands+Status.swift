// What a replica says about itself: ROLE for programs that look for the leader, INFO for people
// and for the harness, which reads it to see that a fault took hold.

import Blueprint
import Raft
import Wire

extension StoreCommands {
    /// Role, term, id of the leader or -1, commit index.
    var role: RESPValue {
        let status = driver.node.status
        return .array([
            .bulk(Self.word(for: status.role)), .integer(Int64(status.term.rawValue)),
            .integer(status.leader.map { Int64($0.rawValue) } ?? -1),
            .integer(Int64(status.commit.rawValue)),
        ])
    }

    var infoText: String {
        let status = driver.node.status
        var lines: [(String, String)] = [
            ("role", Self.word(for: status.role)), ("term", "\(status.term)"),
            ("leader", status.leader.map(\.description) ?? "-1"),
            ("shard", "\(settings.shard)"), ("replica", "\(settings.replica)"),
            ("commit", "\(status.commit)"), ("applied", "\(driver.state.applied.index)"),
            ("last", "\(status.last.index)"), ("stable", "\(status.stable)"),
            ("compacted", "\(status.compacted)"),
            ("journal_first", "\(driver.storage.firstIndex)"),
            ("journal_last", "\(driver.storage.lastIndex)"),
            ("journal_bytes", "\(driver.storage.byteCount)"),
            ("syncs", "\(driver.storage.syncCount)"),
            ("pending_writes", "\(driver.writes.count)"),
            ("pending_reads", "\(status.pendingReads)"),
        ]
        for peer in status.matches {
            lines.append(("peer_\(peer.id)", "match=\(peer.match),active=\(peer.isActive)"))
        }
        return lines.map { "\($0):\($1)\r\n" }.joined()
    }

    private static func word(for role: RaftRole) -> String {
        switch role {
        case .follower: "follower"
        case .preCandidate, .candidate: "candidate"
        case .leader: "leader"
        }
    }
}
