// The rules of one topic, told by hand: who gets what, when, and whose word counts.

import Linux
import Testing

@testable import Queue

struct TopicStateTests {
    @Test func `nothing is handed out before the log has it`() {
        let topic = Topic()
        topic.enqueue("a", "b")
        #expect(topic.take().isEmpty)
        #expect(topic.settle(through: 1) == 1)
        #expect(topic.take() == ["a"])
        #expect(topic.settle(through: 2) == 1)
        #expect(topic.take() == ["b"])
        #expect(topic.settle(through: 9) == 0)
    }

    @Test func `messages go out in the order of their arrival`() {
        let topic = Topic(settled: "a", "b", "c", "d")
        #expect(topic.take(1) == ["a"])
        #expect(topic.take(2) == ["b", "c"])
        #expect(topic.take(9) == ["d"])
        #expect(topic.take(9) == [])
    }

    @Test func `a delivery ends exactly at its deadline`() throws {
        let topic = Topic(settled: "a")
        #expect(topic.take(visibility: 10) == ["a"])
        topic.time = 9
        #expect(topic.take() == [])
        topic.time = 10
        #expect(topic.take() == ["a"])
        #expect(topic.deliveries.map(\.attempt) == [1, 2])
    }

    @Test func `expired deliveries go ahead of new messages, the oldest message first`() {
        let topic = Topic(settled: "a", "b", "c", "d")
        #expect(topic.take(1, visibility: 30) == ["a"])
        #expect(topic.take(1, visibility: 20) == ["b"])
        topic.time = 20
        #expect(topic.take(1) == ["b"])
        topic.time = 30
        #expect(topic.take(9) == ["a", "c", "d"])
    }

    @Test func `a late acknowledgement takes nothing from whoever has the message now`() throws {
        let topic = Topic(settled: "a")
        _ = topic.take(visibility: 10)
        topic.time = 10
        _ = topic.take(visibility: 10)
        let (late, current) = try (topic.tag(0), topic.tag(1))
        #expect(!topic.acknowledge(late))
        #expect(topic.depth == TopicDepth(inFlight: 1, oldestAge: .nanoseconds(10)))
        #expect(topic.acknowledge(current))
        #expect(topic.depth == TopicDepth(acknowledged: 1))
        #expect(!topic.acknowledge(current))
    }

    @Test func `an expired delivery cannot be acknowledged although nobody has the message`() throws
    {
        let topic = Topic(settled: "a")
        _ = topic.take(visibility: 10)
        topic.time = 10
        #expect(!topic.acknowledge(try topic.tag(0)))
        #expect(topic.depth.ready == 1)
    }

    @Test func `a tag of another start is stale`() throws {
        let topic = Topic(settled: "a")
        _ = topic.take()
        let tag = try topic.tag(0)
        let old = DeliveryTag(
            generation: Generation(rawValue: 6), offset: tag.offset, number: tag.number)
        #expect(!topic.acknowledge(old))
        #expect(topic.acknowledge(tag))
    }

    @Test func `what is given back goes behind what waits`() throws {
        let topic = Topic(settled: "a", "b")
        _ = topic.take(1)
        #expect(topic.giveBack(try topic.tag(0)))
        #expect(!topic.giveBack(try topic.tag(0)))
        #expect(topic.take(9) == ["b", "a"])
        #expect(topic.deliveries.map(\.attempt) == [1, 1, 2])
    }

    @Test func `an id is known until the window has seen enough acknowledgements`() throws {
        let topic = Topic(settled: "a", "b", "c")
        _ = topic.take()
        for index in 0..<2 { #expect(topic.acknowledge(try topic.tag(index))) }
        #expect(topic.state.offset(of: id("a")) == Offset(rawValue: 0))
        #expect(topic.acknowledge(try topic.tag(2)))
        #expect(topic.state.offset(of: id("a")) == nil)
        #expect(topic.state.offset(of: id("b")) == Offset(rawValue: 1))
        #expect(topic.state.offset(of: id("c")) == Offset(rawValue: 2))
    }

    @Test func `an id is known as long as its message waits, however long that is`() throws {
        let topic = Topic(settled: "a", "b", "c", "d", "e")
        #expect(topic.take(1) == ["a"])
        _ = topic.take(9)
        for index in 1..<5 { #expect(topic.acknowledge(try topic.tag(index))) }
        #expect(topic.state.offset(of: id("a")) == Offset(rawValue: 0))
        #expect(topic.state.offset(of: id("b")) == nil)
    }

    @Test func `an id that came again after it was forgotten stays known`() throws {
        let topic = Topic(settled: "a", "b", "c")
        _ = topic.take()
        for index in 0..<3 { #expect(topic.acknowledge(try topic.tag(index))) }
        topic.enqueue("a")
        #expect(topic.state.offset(of: id("a")) == Offset(rawValue: 3))
        topic.enqueue("x", "y")
        _ = topic.state.settle(through: 99)
        _ = topic.take()
        for index in 4..<6 { #expect(topic.acknowledge(try topic.tag(index))) }
        #expect(topic.state.offset(of: id("a")) == Offset(rawValue: 3))
    }

    @Test func `the age is that of the oldest message that is not done`() throws {
        let topic = Topic()
        topic.time = 5
        topic.enqueue("a")
        topic.time = 8
        topic.enqueue("b")
        _ = topic.state.settle(through: 9)
        topic.time = 20
        #expect(topic.depth.oldestAge == .nanoseconds(15))
        _ = topic.take(1)
        #expect(topic.acknowledge(try topic.tag(0)))
        #expect(topic.depth.oldestAge == .nanoseconds(12))
        _ = topic.take(1)
        #expect(topic.acknowledge(try topic.tag(1)))
        #expect(topic.depth.oldestAge == .zero)
    }

    @Test func `deliveries that were acknowledged leave nothing behind`() throws {
        let topic = Topic()
        for number in 0..<5000 {
            topic.enqueue("m\(number)")
            _ = topic.state.settle(through: topic.index)
            _ = topic.take(visibility: 1_000_000)
            #expect(topic.acknowledge(try topic.tag(number)))
        }
        #expect(topic.state.deadlines.count < 1100)
        #expect(topic.state.byteCount == 0)
        #expect(topic.state.remembered.count == 2)
        #expect(topic.state.offsets.count == 2)
        #expect(topic.nextDeadline() == nil)
    }
}

private func id(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A topic with a window of two ids, its log's index and a clock in nanoseconds.
private final class Topic {
    var state = TopicState(generation: Generation(rawValue: 7), windowCountMax: 2)
    var index: UInt64 = 0
    var time: Int64 = 0
    var deliveries: [Delivery] = []

    init() {}

    init(settled ids: String...) {
        for name in ids { enqueue(name) }
        _ = state.settle(through: index)
    }

    var now: MonotonicTime { MonotonicTime(nanoseconds: time) }
    var depth: TopicDepth { state.depth(at: now) }

    func enqueue(_ ids: String...) {
        for name in ids {
            index += 1
            state.apply(
                QueueRecord.Enqueued(
                    id: id(name), offset: state.nextOffset, time: now, payload: []),
                at: index, now: now)
        }
    }

    func take(_ countMax: Int = 10, visibility: Int64 = 1000) -> [String] {
        let taken = state.take(countMax, visibility: .nanoseconds(visibility), at: now)
        deliveries += taken
        return taken.map { String(decoding: $0.id, as: UTF8.self) }
    }

    func tag(_ delivery: Int) throws -> DeliveryTag {
        try #require(deliveries.indices.contains(delivery) ? deliveries[delivery].tag : nil)
    }

    func settle(through index: UInt64) -> Int { state.settle(through: index) }

    func nextDeadline() -> MonotonicTime? { state.nextDeadline() }

    func giveBack(_ tag: DeliveryTag) -> Bool { state.giveBack(tag, at: now) }

    func acknowledge(_ tag: DeliveryTag) -> Bool {
        guard let offset = state.offset(of: tag, at: now) else { return false }
        index += 1
        state.applyAcknowledgement(of: offset, number: state.acknowledgedCount + 1)
        return true
    }
}
