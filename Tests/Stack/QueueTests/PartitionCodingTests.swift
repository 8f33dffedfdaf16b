// The bytes of commands and snapshots: whole, cut anywhere, and with a kind that nobody knows.

import Linux
import Testing
import Wire

@testable import Queue

struct PartitionCodingTests {
    private static let name = GroupName(topic: "orders", group: "workers")
    private static let token = LeaseToken(offset: Offset(rawValue: 300), number: 70_000)
    private static let commands: [PartitionCommand] = [
        .adopt(PartitionBench.policy),
        .publish(Publication(topic: "t", key: [1], payload: [], stamp: nil, delay: .seconds(1))),
        .publish(
            Publication(
                topic: "t", key: [], payload: [1, 2],
                stamp: ProducerStamp(producer: "p", sequence: .max))),
        .fetch(
            Fetch(
                name: name, member: "w", generation: GroupGeneration(rawValue: 9), countMax: 8,
                visibility: .seconds(2))),
        .acknowledge(name, [token, token]),
        .reject(name, Rejection(token: token, note: "no", isPoison: true, seed: .max)),
        .release(name, []),
        .extend(name, token, by: .milliseconds(5)),
        .join(name, MemberStamp(member: "w", incarnation: 3)),
        .heartbeat(name, MemberStamp(member: "w", incarnation: 3)),
        .leave(name, MemberStamp(member: "w", incarnation: 3)),
        .tick,
    ]

    @Test func `every batch comes back as it was, and no part of it is another`() throws {
        for commands in Self.commands.map({ [$0] }) + [Self.commands] {
            let batch = CommandBatch(time: LogTime(nanoseconds: -5), commands: commands)
            let bytes = batch.encoded
            #expect(try CommandBatch(bytes.span) == batch)
            for count in 0..<bytes.count {
                let cut = Array(bytes[..<count])
                #expect(throws: ByteReaderError.self) { try CommandBatch(cut.span) }
            }
            let longer = bytes + [0]
            #expect(throws: ByteReaderError.self) { try CommandBatch(longer.span) }
        }
    }

    @Test func `a kind that nobody knows is an error`() {
        let bytes: [UInt8] = [0, 1, 99]
        #expect(throws: ByteReaderError(reason: .unknownTag(99), offset: 2)) {
            try CommandBatch(bytes.span)
        }
    }

    @Test func `a snapshot comes back as the same bytes, and a cut one does not`() throws {
        var trial = PartitionTrial(seed: 77)
        for _ in 0..<200 { try trial.step() }
        var partition = trial.partition
        let stamp = MemberStamp(member: "w", incarnation: 1)
        _ = partition.apply(TimedCommand(time: partition.now, command: .join(Self.name, stamp)))
        let bytes = partition.snapshot
        let restored = try Partition(snapshot: bytes.span)
        #expect(restored.snapshot == bytes)
        #expect(restored.messageCount == partition.messageCount)
        #expect(restored.byteCount == partition.byteCount)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            let cut = Array(bytes[..<count])
            #expect(throws: ByteReaderError.self) { try Partition(snapshot: cut.span) }
        }
    }

    @Test func `a token is its text`() {
        #expect(LeaseToken("\(Self.token)") == Self.token)
        for text in ["", "1", "1.", ".1", "1.2.3", "1.-2", "a.b"] {
            #expect(LeaseToken(text) == nil)
        }
    }
}
