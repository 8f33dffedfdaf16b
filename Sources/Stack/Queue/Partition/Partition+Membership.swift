// The groups that this partition coordinates for all partitions of their topics. Which partition
// that is follows from the group's name, so clients find it as they find the partition of a key.

import Linux
import Wire

extension GroupName {
    /// The partition, counted from 0, that keeps the group's members.
    func coordinator(partitionCount: Int) -> Int {
        ShardKey.shard(of: description, count: partitionCount)
    }
}

extension Partition {
    mutating func join(_ name: GroupName, _ stamp: MemberStamp) -> PartitionReply {
        if memberships[name] == nil {
            // A group's generation must not start again, so groups are never forgotten here.
            guard memberships.count < policy.topicsMax * policy.groupsMax else {
                return .refused(.overloaded("too many groups"))
            }
            memberships[name] = GroupMembers(partitionCount: policy.partitionCount)
        }
        memberships[name]?.expire(at: now)
        let assignment = memberships[name]?.join(
            stamp, until: now + policy.session, membersMax: policy.membersMax)
        return assignment.map(PartitionReply.assigned)
            ?? .refused(.overloaded("too many members"))
    }

    mutating func heartbeat(_ name: GroupName, _ stamp: MemberStamp) -> PartitionReply {
        memberships[name]?.expire(at: now)
        let assignment = memberships[name]?.renew(stamp, until: now + policy.session)
        return assignment.map(PartitionReply.assigned) ?? .refused(.fenced("session is over"))
    }

    mutating func leave(_ name: GroupName, _ stamp: MemberStamp) -> PartitionReply {
        memberships[name]?.leave(stamp)
        return .done
    }
}
