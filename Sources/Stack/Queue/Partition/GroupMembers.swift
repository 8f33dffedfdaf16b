// The members of one consumer group and which partitions each has. One partition of the topic
// keeps it for all of them, as Kafka's group coordinator does.
//
// Taking a partition away needs no word of the member that loses it, which may be paused or cut
// off: every change counts the generation up, and a partition refuses whoever comes with a smaller
// one than its last owner had. What the loser still has in work it may finish and acknowledge, for
// that is decided lease by lease.

import Linux

struct GroupMembers: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        var incarnation: UInt64
        /// The session ends then.
        var deadline: LogTime
    }

    private(set) var generation: GroupGeneration
    private(set) var members: [String: Member]
    /// By partition; nil where the group has no member.
    private(set) var owners: [String?]

    init(partitionCount: Int) {
        generation = .none
        members = [:]
        owners = Array(repeating: nil, count: partitionCount)
    }

    /// For a snapshot.
    init(generation: GroupGeneration, members: [String: Member], owners: [String?]) {
        self.generation = generation
        self.members = members
        self.owners = owners
    }

    /// Nil when the group is full. A member that was started again keeps its partitions, under a
    /// generation that shuts its predecessor out.
    mutating func join(
        _ stamp: MemberStamp, until deadline: LogTime, membersMax: Int
    ) -> Assignment? {
        if members[stamp.member]?.incarnation != stamp.incarnation {
            guard members[stamp.member] != nil || members.count < membersMax else { return nil }
            members[stamp.member] = Member(incarnation: stamp.incarnation, deadline: deadline)
            reassign()
        }
        members[stamp.member]?.deadline = deadline
        return assignment(of: stamp.member)
    }

    /// Nil when the session is over or belongs to another start of the member.
    mutating func renew(_ stamp: MemberStamp, until deadline: LogTime) -> Assignment? {
        guard members[stamp.member]?.incarnation == stamp.incarnation else { return nil }
        members[stamp.member]?.deadline = deadline
        return assignment(of: stamp.member)
    }

    mutating func leave(_ stamp: MemberStamp) {
        guard members[stamp.member]?.incarnation == stamp.incarnation else { return }
        members[stamp.member] = nil
        reassign()
    }

    /// Ends the sessions whose time is over.
    mutating func expire(at now: LogTime) {
        let count = members.count
        members = members.filter { $0.value.deadline > now }
        if members.count < count { reassign() }
    }

    var nextDeadline: LogTime? { members.values.map(\.deadline).min() }

    private func assignment(of member: String) -> Assignment {
        Assignment(
            generation: generation, partitions: owners.indices.filter { owners[$0] == member },
            memberCount: members.count)
    }

    private mutating func reassign() {
        generation = generation.next
        owners = StickyAssignment.balance(owners, among: members.keys.sorted())
    }
}

/// Shares partitions out evenly and moves as few as that takes.
enum StickyAssignment {
    /// Each member gets the same number or one more; it keeps what it had up to its share.
    static func balance(_ owners: [String?], among members: [String]) -> [String?] {
        guard !members.isEmpty else { return owners.map { _ in nil } }
        var shares = quotas(owners, among: members)
        var balanced = owners.map { owner -> String? in
            guard let owner, let left = shares[owner], left > 0 else { return nil }
            shares[owner] = left - 1
            return owner
        }
        var takers = members.flatMap { Array(repeating: $0, count: shares[$0] ?? 0) }[...]
        for partition in balanced.indices where balanced[partition] == nil {
            balanced[partition] = takers.popFirst()
        }
        return balanced
    }

    /// The larger shares go to those who have the most already, by name where that is equal.
    private static func quotas(
        _ owners: [String?], among members: [String]
    ) -> [String: Int] {
        var held: [String: Int] = [:]
        for owner in owners.compactMap({ $0 }) { held[owner, default: 0] += 1 }
        let ranked = members.sorted { (-(held[$0] ?? 0), $0) < (-(held[$1] ?? 0), $1) }
        let (least, larger) = owners.count.quotientAndRemainder(dividingBy: members.count)
        var quotas: [String: Int] = [:]
        for (rank, member) in ranked.enumerated() {
            quotas[member] = least + (rank < larger ? 1 : 0)
        }
        return quotas
    }
}
