// The AMQP 0-9-1 that the queue bench speaks, against the specification's layouts.

import Testing

@testable import faultline_bench

struct AMQPTests {
    private func parse(_ bytes: [UInt8]) throws -> (AMQPFrame, Int)? {
        try AMQPFrame.parse(bytes.span)
    }

    @Test func `a frame is a kind, a channel, a size, its payload and an end`() throws {
        let frame = AMQPFrame(kind: .body, channel: 0x0102, payload: [7, 8])
        #expect(frame.bytes == [3, 1, 2, 0, 0, 0, 2, 7, 8, 0xCE])
        let parsed = try parse(frame.bytes + [1])
        let (read, count) = try #require(parsed)
        #expect(read == frame)
        #expect(count == 10)
    }

    @Test(arguments: 0..<10)
    func `a frame that is not all there is none yet`(count: Int) throws {
        let bytes = AMQPFrame(kind: .body, channel: 1, payload: [7, 8]).bytes.prefix(count)
        #expect(try parse(Array(bytes)) == nil)
    }

    @Test(
        arguments: [
            [9, 0, 0, 0, 0, 0, 0, 0xCE],  // No such kind.
            [1, 0, 0, 0, 0, 0, 0, 0xCD],  // No such end.
            [1, 0, 0, 0xFF, 0, 0, 0, 0xCE],  // Larger than was agreed.
        ] as [[UInt8]])
    func `a damaged frame is refused`(bytes: [UInt8]) {
        #expect(throws: AMQPError.self) { try parse(bytes) }
    }

    @Test func `a durable quorum queue is declared with its type`() {
        let payload = AMQPRequest.declareQueue(
            "q", isPassive: false, arguments: [("x", .text("ab")), ("n", .number(3))]
        ).payload
        #expect(
            payload == [
                0, 50, 0, 10, 0, 0, 1, 0x71, 0b10,  // queue.declare, "q", durable
                0, 0, 0, 16,  // the table
                1, 0x78, 0x53, 0, 0, 0, 2, 0x61, 0x62,  // x: S "ab"
                1, 0x6E, 0x49, 0, 0, 0, 3,  // n: I 3
            ])
        let passive = AMQPRequest.declareQueue("q", isPassive: true, arguments: []).payload
        #expect(passive == [0, 50, 0, 10, 0, 0, 1, 0x71, 0b11, 0, 0, 0, 0])
    }

    @Test func `a message is persistent and has its size in its head`() throws {
        let frames = AMQPContent.frames([1, 2, 3], channel: 1)
        let head = try #require(try parse(frames))
        #expect(head.0.kind == .header)
        #expect(head.0.payload == [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0x10, 0, 2])
        #expect(try AMQPContent.bodySize(head: head.0.payload) == 3)
        let body = try #require(try parse(Array(frames.dropFirst(head.1))))
        #expect(body.0 == AMQPFrame(kind: .body, channel: 1, payload: [1, 2, 3]))
    }

    @Test func `an acknowledgement is a tag and whether it means those before it`() {
        let payload = AMQPRequest.acknowledge(258, isMultiple: true).payload
        #expect(payload == [0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 1, 2, 1])
    }

    @Test(
        arguments: [
            ([0, 10, 0, 10], .start),
            (
                [0, 10, 0, 30, 7, 255, 0, 2, 0, 0, 0, 60],
                .tune(channelMax: 2047, frameMax: 131_072)
            ),
            (
                [0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 9, 1],
                .confirmed(9, isMultiple: true, isTaken: true)
            ),
            (
                [0, 60, 0, 120, 0, 0, 0, 0, 0, 0, 0, 9, 2],
                .confirmed(9, isMultiple: false, isTaken: false)
            ),
            ([0, 60, 0, 60, 1, 0x63, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0], .deliver(tag: 5)),
            ([0, 10, 0, 50, 1, 64, 2, 0x6E, 0x6F, 0, 0, 0, 0], .closed(code: 320, reason: "no")),
            ([0, 50, 0, 11, 1, 0x71, 0, 0, 0, 0, 0, 0, 0, 0], .done),
        ] as [([UInt8], AMQPReply)])
    func `what a server says is understood`(payload: [UInt8], reply: AMQPReply) throws {
        #expect(try AMQPReply(payload: payload) == reply)
    }

    @Test(arguments: [[], [0, 60], [0, 60, 0, 80, 0], [0, 99, 0, 1]] as [[UInt8]])
    func `what no server says is refused`(payload: [UInt8]) {
        #expect(throws: AMQPError.self) { try AMQPReply(payload: payload) }
    }

    @Test func `a message of the bench says whose it is`() throws {
        let message = try #require(BenchMessage(BenchMessage(client: 70_000, round: 3).body))
        #expect(message.client == 70_000)
        #expect(message.round == 3)
        #expect(BenchMessage(client: 1, round: 1).body.count == 100)
        #expect(BenchMessage([1, 2, 3]) == nil)
    }
}
