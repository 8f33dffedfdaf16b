// The log form of a batch of commands, and of a command:
//
//     [time signed varint][count varint][command]...
//     [kind u8][fields in the order of the declaration]
//
// Durations are signed varints of nanoseconds; names are text, tokens two varints.

import Linux
import Wire

extension CommandBatch {
    /// Puts commands that are written already, one behind the other, behind what stands in front.
    static func encoded(time: LogTime, count: Int, commands: Span<UInt8>) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(commands.count + 16)
        var writer = ByteWriter(appendingTo: head)
        writer.write(time)
        writer.write(count: count)
        writer.write(raw: commands)
        return writer.finish()
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        for command in commands { command.write(to: &writer) }
        let written = writer.finish()
        return Self.encoded(time: time, count: commands.count, commands: written.span)
    }

    init(_ bytes: Span<UInt8>) throws(ByteReaderError) {
        var reader = ByteReader(bytes)
        time = try reader.readTime()
        let count = try reader.readCount()
        commands = []
        commands.reserveCapacity(count)
        for _ in 0..<count { commands.append(try PartitionCommand(&reader)) }
        try reader.expectEnd()
    }
}

extension PartitionCommand {
    private enum Kind: UInt8 {
        case adopt = 1
        case publish, fetch, acknowledge, reject, release, extend, join, heartbeat, leave, tick
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .adopt(let policy):
            writer.write(u8: Kind.adopt.rawValue)
            policy.write(to: &writer)
        case .publish(let publication):
            writer.write(u8: Kind.publish.rawValue)
            publication.write(to: &writer)
        case .fetch(let fetch):
            writer.write(u8: Kind.fetch.rawValue)
            fetch.write(to: &writer)
        case .acknowledge(let name, let tokens): write(.acknowledge, name, tokens, to: &writer)
        case .reject(let name, let rejection):
            writer.write(u8: Kind.reject.rawValue)
            writer.write(name)
            rejection.write(to: &writer)
        case .release(let name, let tokens): write(.release, name, tokens, to: &writer)
        case .extend(let name, let token, let visibility):
            writer.write(u8: Kind.extend.rawValue)
            writer.write(name)
            writer.write(token)
            writer.write(visibility)
        case .join(let name, let stamp): write(.join, name, stamp, to: &writer)
        case .heartbeat(let name, let stamp): write(.heartbeat, name, stamp, to: &writer)
        case .leave(let name, let stamp): write(.leave, name, stamp, to: &writer)
        case .tick: writer.write(u8: Kind.tick.rawValue)
        }
    }

    private func write(
        _ kind: Kind, _ name: GroupName, _ tokens: [LeaseToken], to writer: inout ByteWriter
    ) {
        writer.write(u8: kind.rawValue)
        writer.write(name)
        writer.write(tokens)
    }

    private func write(
        _ kind: Kind, _ name: GroupName, _ stamp: MemberStamp, to writer: inout ByteWriter
    ) {
        writer.write(u8: kind.rawValue)
        writer.write(name)
        writer.write(stamp)
    }

    init(_ reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readU8()
        guard let kind = Kind(rawValue: tag) else {
            throw ByteReaderError(reason: .unknownTag(tag), offset: offset)
        }
        switch kind {
        case .adopt: self = .adopt(try PartitionPolicy(&reader))
        case .publish: self = .publish(try Publication(&reader))
        case .fetch: self = .fetch(try Fetch(&reader))
        case .acknowledge:
            self = .acknowledge(try reader.readGroup(), try reader.readTokens())
        case .reject: self = .reject(try reader.readGroup(), try Rejection(&reader))
        case .release: self = .release(try reader.readGroup(), try reader.readTokens())
        case .extend:
            self = .extend(
                try reader.readGroup(), try reader.readToken(), by: try reader.readDuration())
        case .join: self = .join(try reader.readGroup(), try reader.readMember())
        case .heartbeat: self = .heartbeat(try reader.readGroup(), try reader.readMember())
        case .leave: self = .leave(try reader.readGroup(), try reader.readMember())
        case .tick: self = .tick
        }
    }
}

extension Publication {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(text: topic)
        writer.write(bytes: key)
        writer.write(bytes: payload)
        writer.write(bool: stamp != nil)
        if let stamp {
            writer.write(text: stamp.producer)
            writer.write(varint: stamp.sequence)
        }
        writer.write(delay)
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        topic = try reader.readText()
        key = try reader.readBytes()
        payload = try reader.readBytes()
        stamp =
            try reader.readBool()
            ? ProducerStamp(
                producer: try reader.readText(), sequence: try reader.readVarint()) : nil
        delay = try reader.readDuration()
    }
}

extension Fetch {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(name)
        writer.write(text: member)
        writer.write(varint: generation.rawValue)
        writer.write(count: countMax)
        writer.write(visibility)
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        name = try reader.readGroup()
        member = try reader.readText()
        generation = GroupGeneration(rawValue: try reader.readVarint())
        countMax = Int(clamping: try reader.readVarint())
        visibility = try reader.readDuration()
    }
}

extension Rejection {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(token)
        writer.write(text: note)
        writer.write(bool: isPoison)
        writer.write(u64: seed)
    }

    fileprivate init(_ reader: inout ByteReader) throws(ByteReaderError) {
        token = try reader.readToken()
        note = try reader.readText()
        isPoison = try reader.readBool()
        seed = try reader.readU64()
    }
}

extension PartitionPolicy {
    func write(to writer: inout ByteWriter) {
        for count in counts { writer.write(count: self[keyPath: count]) }
        for duration in durations { writer.write(self[keyPath: duration]) }
    }

    init(_ reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        for count in counts { self[keyPath: count] = Int(clamping: try reader.readVarint()) }
        for duration in durations { self[keyPath: duration] = try reader.readDuration() }
    }

    private var counts: [WritableKeyPath<PartitionPolicy, Int>] {
        [
            \.partitionCount, \.triesMax, \.messagesMax, \.bytesMax, \.payloadBytesMax,
            \.nameBytesMax, \.topicsMax, \.groupsMax, \.membersMax, \.fetchCountMax,
            \.fetchBytesMax, \.producersMax, \.producerWindow,
        ]
    }

    private var durations: [WritableKeyPath<PartitionPolicy, Duration>] {
        [\.retryDelayMin, \.retryDelayMax, \.retention, \.session, \.producerIdleMin]
    }
}

// The parts that commands and snapshots share.
extension ByteWriter {
    mutating func write(_ name: GroupName) {
        write(text: name.topic)
        write(text: name.group)
    }

    mutating func write(_ token: LeaseToken) {
        write(varint: token.offset.rawValue)
        write(varint: token.number)
    }

    mutating func write(_ tokens: [LeaseToken]) {
        write(count: tokens.count)
        for token in tokens { write(token) }
    }

    mutating func write(_ stamp: MemberStamp) {
        write(text: stamp.member)
        write(u64: stamp.incarnation)
    }

    mutating func write(_ duration: Duration) { write(signed: duration.nanoseconds) }

    mutating func write(_ time: LogTime) { write(signed: time.nanoseconds) }
}

extension ByteReader {
    mutating func readGroup() throws(ByteReaderError) -> GroupName {
        GroupName(topic: try readText(), group: try readText())
    }

    mutating func readOffset() throws(ByteReaderError) -> Offset {
        Offset(rawValue: try readVarint())
    }

    mutating func readToken() throws(ByteReaderError) -> LeaseToken {
        LeaseToken(offset: try readOffset(), number: try readVarint())
    }

    mutating func readTokens() throws(ByteReaderError) -> [LeaseToken] {
        var tokens: [LeaseToken] = []
        for _ in 0..<(try readCount(elementBytesMin: 2)) { tokens.append(try readToken()) }
        return tokens
    }

    mutating func readMember() throws(ByteReaderError) -> MemberStamp {
        MemberStamp(member: try readText(), incarnation: try readU64())
    }

    mutating func readDuration() throws(ByteReaderError) -> Duration {
        .nanoseconds(try readSigned())
    }

    mutating func readTime() throws(ByteReaderError) -> LogTime {
        LogTime(nanoseconds: try readSigned())
    }
}
