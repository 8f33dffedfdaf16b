// The whole state of a partition as bytes, for a replica that is too far behind and for the log to
// be cut. Equal states are equal bytes, whatever order the dictionaries have, so that replicas can be
// compared by a checksum; everything that is derived is left out and built again.
//
//     [version u8][index][now][policy][lease number]
//     [topics: name, next offset, counters, messages by offset, groups by name]
//     [producers, the one that published longest ago first][memberships by name]

import Linux
import Wire

extension Partition {
    private static let version: UInt8 = 1

    var snapshot: [UInt8] {
        var writer = ByteWriter()
        write(to: &writer)
        return writer.finish()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(u8: Self.version)
        writer.write(count: index)
        writer.write(now)
        policy.write(to: &writer)
        writer.write(varint: leaseNumber)
        writer.write(count: topics.count)
        for (name, slice) in topics.sorted(by: { $0.key < $1.key }) {
            writer.write(text: name)
            slice.write(to: &writer)
        }
        producers.write(to: &writer)
        writer.write(count: memberships.count)
        for (name, membership) in memberships.sorted(by: { $0.key < $1.key }) {
            writer.write(name)
            membership.write(to: &writer)
        }
    }

    init(snapshot: Span<UInt8>) throws(ByteReaderError) {
        var reader = ByteReader(snapshot)
        let version = try reader.readU8()
        guard version == Self.version else {
            throw ByteReaderError(reason: .unknownTag(version), offset: 0)
        }
        let index = Int(clamping: try reader.readVarint())
        let now = try reader.readTime()
        let policy = try PartitionPolicy(&reader)
        guard index < policy.partitionCount else {
            throw ByteReaderError(reason: .impossibleCount, offset: reader.offset)
        }
        self.init(index: index, policy: policy)
        self.now = now
        leaseNumber = try reader.readVarint()
        for _ in 0..<(try reader.readCount()) {
            let name = try reader.readText()
            let slice = try TopicSlice(&reader)
            change(name) { $0 = slice }
        }
        producers = try ProducerTable(&reader)
        for _ in 0..<(try reader.readCount()) {
            memberships[try reader.readGroup()] = try GroupMembers(&reader)
        }
        try reader.expectEnd()
    }
}

extension TopicSlice {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(varint: nextOffset.rawValue)
        writer.write(varint: acknowledgedCount)
        writer.write(varint: buriedCount)
        writer.write(varint: expiredCount)
        writer.write(count: messages.count)
        for (offset, message) in messages.sorted(by: { $0.key < $1.key }) {
            writer.write(varint: offset.rawValue)
            message.write(to: &writer)
        }
        writer.write(count: groups.count)
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            writer.write(text: name)
            group.write(to: &writer)
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        self.init(nextOffset: try reader.readOffset())
        acknowledgedCount = try reader.readVarint()
        buriedCount = try reader.readVarint()
        expiredCount = try reader.readVarint()
        for _ in 0..<(try reader.readCount(elementBytesMin: 5)) {
            let offset = try reader.readOffset()
            restore(try Message(&reader), at: offset)
        }
        for _ in 0..<(try reader.readCount()) {
            let name = try reader.readText()
            var group = try GroupProgress(&reader)
            group.freshCount = messages.keys.count { $0 >= group.cursor }
            groups[name] = group
        }
    }
}

extension TopicSlice.Message {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(bytes: key)
        writer.write(bytes: payload)
        writer.write(published)
        writer.write(due)
        writer.write(u8: burial?.reason.rawValue ?? 0)
        if let burial { burial.write(to: &writer) }
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        key = try reader.readBytes()
        payload = try reader.readBytes()
        published = try reader.readTime()
        due = try reader.readTime()
        let tag = try reader.readU8()
        if tag == 0 {
            burial = nil
        } else if let reason = Burial.Reason(rawValue: tag) {
            burial = try Burial(reason, &reader)
        } else {
            throw ByteReaderError(reason: .unknownTag(tag), offset: reader.offset - 1)
        }
    }
}

extension Burial {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(text: note)
        writer.write(text: group)
        writer.write(count: attempts)
        writer.write(varint: offset.rawValue)
    }

    fileprivate init(
        _ reason: Reason, _ reader: inout ByteReader
    ) throws(ByteReaderError) {
        self.reason = reason
        note = try reader.readText()
        group = try reader.readText()
        attempts = Int(clamping: try reader.readVarint())
        offset = try reader.readOffset()
    }
}

extension GroupProgress {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(varint: cursor.rawValue)
        writer.write(lastUsed)
        writer.write(bool: owner != nil)
        if let owner {
            writer.write(varint: owner.generation.rawValue)
            writer.write(text: owner.member)
        }
        writer.write(count: pending.count)
        for (offset, entry) in pending.sorted(by: { $0.key < $1.key }) {
            writer.write(varint: offset.rawValue)
            writer.write(count: entry.attempts)
            entry.standing.write(to: &writer)
        }
    }

    /// The count of fresh messages follows from the messages.
    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            cursor: try reader.readOffset(), freshCount: 0, lastUsed: try reader.readTime())
        if try reader.readBool() {
            owner = Owner(
                generation: GroupGeneration(rawValue: try reader.readVarint()),
                member: try reader.readText())
        }
        for _ in 0..<(try reader.readCount(elementBytesMin: 3)) {
            let offset = try reader.readOffset()
            let attempts = Int(clamping: try reader.readVarint())
            set(Pending(attempts: attempts, standing: try Standing(&reader)), at: offset)
        }
    }
}

extension GroupProgress.Standing {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .ready: writer.write(u8: 0)
        case .leased(let number, let until):
            writer.write(u8: 1)
            writer.write(varint: number)
            writer.write(until)
        case .waiting(let until):
            writer.write(u8: 2)
            writer.write(until)
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        let tag = try reader.readU8()
        switch tag {
        case 0: self = .ready
        case 1: self = .leased(number: try reader.readVarint(), until: try reader.readTime())
        case 2: self = .waiting(until: try reader.readTime())
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: reader.offset - 1)
        }
    }
}

extension ProducerTable {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(count: producers.count)
        for (name, producer) in producers.sorted(by: { $0.value.turn < $1.value.turn }) {
            writer.write(text: name)
            writer.write(varint: producer.turn)
            writer.write(varint: producer.highest)
            writer.write(producer.lastUsed)
            writer.write(count: producer.recent.count)
            for seen in producer.recent {
                writer.write(varint: seen.sequence)
                writer.write(varint: seen.offset.rawValue)
            }
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        var ordered: [(String, Producer)] = []
        for _ in 0..<(try reader.readCount(elementBytesMin: 5)) {
            let name = try reader.readText()
            let turn = try reader.readVarint()
            var producer = Producer(
                highest: try reader.readVarint(), recent: [], lastUsed: try reader.readTime(),
                turn: turn)
            for _ in 0..<(try reader.readCount(elementBytesMin: 2)) {
                producer.recent.append(
                    Seen(sequence: try reader.readVarint(), offset: try reader.readOffset()))
            }
            ordered.append((name, producer))
        }
        self.init(restoring: ordered)
    }
}

extension GroupMembers {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(varint: generation.rawValue)
        writer.write(count: members.count)
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            writer.write(text: name)
            writer.write(u64: member.incarnation)
            writer.write(member.deadline)
        }
        writer.write(count: owners.count)
        for owner in owners { writer.write(text: owner ?? "") }
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        let generation = GroupGeneration(rawValue: try reader.readVarint())
        var members: [String: Member] = [:]
        for _ in 0..<(try reader.readCount(elementBytesMin: 10)) {
            let name = try reader.readText()
            members[name] = Member(
                incarnation: try reader.readU64(), deadline: try reader.readTime())
        }
        var owners: [String?] = []
        for _ in 0..<(try reader.readCount()) {
            let owner = try reader.readText()
            owners.append(owner.isEmpty ? nil : owner)
        }
        self.init(generation: generation, members: members, owners: owners)
    }
}
