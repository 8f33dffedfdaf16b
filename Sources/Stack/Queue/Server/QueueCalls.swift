// The words of each command, checked and typed.

import Linux
import Wire

/// Reads the words of a command one after the other.
struct CallReader {
    private let command: RESPCommand
    private let usage: String
    private var index = 1

    init(_ command: RESPCommand, _ usage: String) {
        self.command = command
        self.usage = usage
    }

    var isAtEnd: Bool { index >= command.count }
    var problem: QueueRefusal { .syntax("usage: \(usage)") }

    mutating func bytes() throws(QueueRefusal) -> [UInt8] {
        guard let word = command[index] else { throw problem }
        index += 1
        return word
    }

    mutating func text() throws(QueueRefusal) -> String {
        guard let text = command.text(index) else { throw problem }
        index += 1
        return text
    }

    /// The name of a topic, a group, a member or a producer.
    mutating func name() throws(QueueRefusal) -> String {
        let name = try text()
        guard (1...Self.nameBytesMax).contains(name.utf8.count) else {
            throw .syntax("a name has 1 to \(Self.nameBytesMax) bytes")
        }
        return name
    }

    mutating func integer(_ range: ClosedRange<Int64>) throws(QueueRefusal) -> Int64 {
        guard let value = command.integer(index) else { throw problem }
        guard range.contains(value) else {
            throw .syntax("\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        index += 1
        return value
    }

    mutating func milliseconds(from least: Int64 = 0) throws(QueueRefusal) -> Duration {
        .milliseconds(try integer(least...Self.millisecondsMax))
    }

    mutating func token() throws(QueueRefusal) -> LeaseToken {
        guard let token = LeaseToken(try text()) else {
            throw .syntax("a token is two numbers such as 12.345")
        }
        return token
    }

    /// All that are left; never more than one fetch can have brought.
    mutating func tokens() throws(QueueRefusal) -> [LeaseToken] {
        var tokens: [LeaseToken] = []
        while !isAtEnd {
            guard tokens.count < Self.tokensMax else {
                throw .syntax("at most \(Self.tokensMax) more tokens")
            }
            tokens.append(try token())
        }
        return tokens
    }

    mutating func group() throws(QueueRefusal) -> GroupName {
        GroupName(topic: try name(), group: try name())
    }

    /// True, and the word is passed over, when it comes next.
    mutating func skip(_ word: String) -> Bool {
        guard command.text(index)?.uppercased() == word else { return false }
        index += 1
        return true
    }

    func finish() throws(QueueRefusal) {
        guard isAtEnd else { throw problem }
    }

    static let nameBytesMax = 256
    /// Beside the first.
    private static let tokensMax = PartitionPolicy().fetchCountMax - 1
    private static let millisecondsMax: Int64 = 7 * 24 * 3_600_000
}

extension Publication {
    init(_ command: RESPCommand) throws(QueueRefusal) {
        var reader = CallReader(
            command, "PUBLISH topic key payload [ID producer sequence] [DELAY milliseconds]")
        let topic = try reader.name()
        guard !topic.hasSuffix(Partition.deadSuffix) else {
            throw .syntax("only the queue itself fills a dead-letter topic")
        }
        let key = try reader.bytes()
        guard key.count <= CallReader.nameBytesMax else {
            throw .syntax("a key has at most \(CallReader.nameBytesMax) bytes")
        }
        self.init(topic: topic, key: key, payload: try reader.bytes(), stamp: nil)
        if reader.skip("ID") {
            stamp = ProducerStamp(
                producer: try reader.name(), sequence: UInt64(try reader.integer(0...Int64.max)))
        }
        if reader.skip("DELAY") { delay = try reader.milliseconds() }
        try reader.finish()
    }
}

/// FETCH, with the partition, the lane of the poll and how long it waits.
struct FetchCall {
    private static let waitMax = Duration.seconds(30)
    private static let laneMax: Int64 = 16

    let partition: Int
    let fetch: Fetch
    let wait: Duration
    let lane: Int

    init(_ command: RESPCommand) throws(QueueRefusal) {
        var reader = CallReader(
            command,
            "FETCH topic group partition member generation max visibilityMs waitMs [LANE number]")
        let name = try reader.group()
        partition = Int(try reader.integer(1...1 << 20))
        fetch = Fetch(
            name: name, member: try reader.name(),
            generation: GroupGeneration(rawValue: UInt64(try reader.integer(0...Int64.max))),
            countMax: Int(try reader.integer(1...1 << 20)),
            visibility: try reader.milliseconds(from: 1))
        wait = min(try reader.milliseconds(), Self.waitMax)
        lane = reader.skip("LANE") ? Int(try reader.integer(1...Self.laneMax)) : 1
        try reader.finish()
    }
}

extension Lease {
    /// Of a dead-letter topic with what led there.
    var reply: RESPValue {
        var parts: [RESPValue] = [
            .bulk("\(token)"), .integer(Int64(attempt)), .bulk(key), .bulk(payload),
        ]
        if let burial {
            parts += [
                .bulk(burial.reason.word), .bulk(burial.note), .bulk(burial.group),
                .integer(Int64(burial.attempts)), .integer(Int64(clamping: burial.offset.rawValue)),
            ]
        }
        return .array(parts)
    }
}
