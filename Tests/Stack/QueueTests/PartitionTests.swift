// What a partition promises, one sentence a test.

import Linux
import Testing

@testable import Queue

struct PartitionTests {
    @Test func `a worker that comes back late takes nothing away`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        let late = try #require(bench.fetch(visibility: 10).first)
        bench.time = 10
        let current = try #require(bench.fetch(visibility: 10).first)
        #expect(current.attempt == 2)
        #expect(bench.acknowledge(late.token) == .settled([false]))
        #expect(bench.extend(late.token) == .settled([false]))
        #expect(bench.reject(late.token) == .settled([false]))
        #expect(bench.acknowledge(current.token) == .settled([true]))
        #expect(bench.acknowledge(current.token) == .settled([false]))
        #expect(bench.state.messageCount == 0)
    }

    @Test func `a lease that ran out cannot be acknowledged although nobody has the message`()
        throws
    {
        let bench = PartitionBench()
        bench.publish("a")
        let lease = try #require(bench.fetch(visibility: 10).first)
        bench.time = 10
        #expect(bench.acknowledge(lease.token) == .settled([false]))
        #expect(bench.depth.ready == 1)
    }

    @Test func `a lease that is extended stands`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        let lease = try #require(bench.fetch(visibility: 10).first)
        bench.time = 9
        #expect(bench.extend(lease.token, by: 10) == .settled([true]))
        bench.time = 18
        #expect(bench.fetch().isEmpty)
        #expect(bench.acknowledge(lease.token) == .settled([true]))
    }

    @Test func `time never goes back, whatever a leader says`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        bench.time = 100
        _ = bench.fetch(visibility: 10)
        bench.time = 50
        #expect(bench.fetch().isEmpty)
        #expect(bench.state.now == LogTime(nanoseconds: 100))
    }

    @Test func `a message sent again is known, and below the window nobody knows`() {
        let bench = PartitionBench()
        #expect(bench.publish("a", sequence: 1) == .published(Offset(rawValue: 0)))
        #expect(bench.publish("a", sequence: 1) == .known(Offset(rawValue: 0)))
        #expect(bench.publish("d", sequence: 4) == .published(Offset(rawValue: 1)))
        #expect(bench.publish("b", sequence: 2) == .published(Offset(rawValue: 2)))
        #expect(bench.publish("b", sequence: 2) == .known(Offset(rawValue: 2)))
        #expect(bench.publish("a", sequence: 1) == .refused(.forgotten))
    }

    @Test func `a producer that may still try is never forgotten`() {
        let bench = PartitionBench()
        bench.publish("a", producer: "p1", sequence: 1)
        bench.publish("b", producer: "p2", sequence: 1)
        #expect(
            bench.publish("c", producer: "p3", sequence: 1)
                == .refused(.overloaded("too many producers")))
        bench.time = 50
        bench.publish("a", producer: "p1", sequence: 2)
        bench.time = 100
        #expect(bench.publish("c", producer: "p3", sequence: 1) == .published(Offset(rawValue: 3)))
        #expect(bench.publish("a", producer: "p1", sequence: 2) == .known(Offset(rawValue: 2)))
    }

    @Test func `after the last try a message lies in the dead-letter topic with its story`() throws
    {
        let bench = PartitionBench()
        bench.publish("a")
        bench.publish("b")
        for attempt in 1...3 {
            let lease = try #require(bench.fetch(1).first)
            #expect(lease.attempt == attempt)
            let reply = bench.reject(lease.token)
            if attempt == 3 { #expect(reply == .buried) }
            bench.time += 100
        }
        #expect(bench.fetch(9).map(\.key) == [Array("b".utf8)])
        let dead = try #require(bench.fetch(topic: "orders.dead").first)
        #expect(dead.payload == Array("a".utf8))
        #expect(
            dead.burial
                == Burial(
                    reason: .failed, note: "why", group: "workers", attempts: 3, offset: .zero))
        #expect(bench.state.topics["orders"]?.buriedCount == 1)
    }

    @Test func `poison is set aside at once, and others flow`() throws {
        let bench = PartitionBench()
        bench.publish("bad")
        bench.publish("good")
        let leases = bench.fetch(2)
        #expect(bench.reject(leases[0].token, isPoison: true) == .buried)
        #expect(bench.acknowledge(leases[1].token) == .settled([true]))
        #expect(bench.depth == GroupDepth())
        #expect(bench.fetch(topic: "orders.dead").map(\.burial?.reason) == [.poison])
    }

    @Test func `a worker that dies again and again over a message does not have it for ever`() {
        let bench = PartitionBench()
        bench.publish("a")
        for _ in 1...3 {
            #expect(bench.fetch(visibility: 10).count == 1)
            bench.time += 10
        }
        bench.apply(.tick)
        #expect(bench.fetch().isEmpty)
        #expect(bench.fetch(topic: "orders.dead").map(\.burial?.reason) == [.ranOut])
    }

    @Test func `nothing leaves a dead-letter topic for being tried too often`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        #expect(bench.reject(try #require(bench.fetch().first).token, isPoison: true) == .buried)
        for attempt in 1...9 {
            let lease = try #require(bench.fetch(topic: "orders.dead").first)
            #expect(lease.attempt == attempt)
            guard case .retried = bench.reject(lease.token, topic: "orders.dead") else {
                Issue.record("not retried")
                return
            }
            bench.time += 100
        }
        #expect(bench.state.topics["orders.dead.dead"] == nil)
    }

    @Test func `what is given back without a try costs none`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        for _ in 0..<9 {
            let lease = try #require(bench.fetch().first)
            #expect(lease.attempt == 1)
            #expect(bench.apply(.release(bench.name, [lease.token])) == .settled([true]))
        }
    }

    @Test func `a delayed message comes when it is due and holds nobody up`() {
        let bench = PartitionBench()
        bench.publish("late", delay: 20)
        bench.publish("now")
        #expect(bench.fetch(9).map(\.key) == [Array("now".utf8)])
        #expect(bench.depth.waiting == 1)
        bench.time = 19
        #expect(bench.fetch().isEmpty)
        bench.time = 20
        #expect(bench.fetch(9).map(\.key) == [Array("late".utf8)])
    }

    @Test func `each group has every message, and it goes when all are done with it`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        let first = try #require(bench.fetch(group: "one").first)
        let second = try #require(bench.fetch(group: "two").first)
        #expect(bench.acknowledge(first.token, group: "one") == .settled([true]))
        #expect(bench.state.messageCount == 1)
        #expect(bench.acknowledge(second.token, group: "one") == .settled([false]))
        #expect(bench.acknowledge(second.token, group: "two") == .settled([true]))
        #expect(bench.state.messageCount == 0)
    }

    @Test func `the member of an older generation is refused`() {
        let bench = PartitionBench()
        bench.publish("a")
        bench.publish("b")
        #expect(bench.fetch(member: "w1", generation: 1).count == 1)
        #expect(bench.fetch(member: "w2", generation: 2).count == 1)
        #expect(
            bench.refusalToFetch(member: "w1", generation: 1)
                == .fenced("generation is over"))
        #expect(
            bench.refusalToFetch(member: "w1", generation: 2)
                == .fenced("partition belongs to another member"))
    }

    @Test func `there is a bound on messages, bytes, payloads, topics and groups`() {
        let bench = PartitionBench()
        func refusal(_ reply: PartitionReply) -> String? {
            guard case .refused(.overloaded(let reason)) = reply else { return nil }
            return reason
        }
        bench.publish("a")
        #expect(refusal(bench.publish(String(repeating: "x", count: 200))) == "too many bytes")
        #expect(refusal(bench.publish(String(repeating: "x", count: 300))) == "payload too large")
        #expect(refusal(bench.publish("b", topic: "other")) == nil)
        #expect(refusal(bench.publish("b", topic: "third")) == "too many topics")
        bench.publish("c")
        bench.publish("d")
        #expect(refusal(bench.publish("e")) == "too many messages")
        #expect(bench.fetch(group: "one").count == 1)
        #expect(bench.fetch(group: "two").count == 1)
        #expect(bench.refusalToFetch(group: "three") == .overloaded("too many groups"))
    }

    @Test func `what nobody did for the whole retention is set aside, and later dropped`() throws {
        let bench = PartitionBench()
        bench.publish("a")
        #expect(bench.state.nextDeadline() == LogTime(nanoseconds: 1000))
        bench.time = 1000
        bench.apply(.tick)
        #expect(bench.depth == GroupDepth())
        let dead = try #require(bench.state.topics["orders.dead"]?.messages[.zero])
        #expect(dead.burial?.reason == .tooOld)
        bench.time = 2000
        bench.apply(.tick)
        #expect(bench.state.messageCount == 0)
        #expect(bench.state.topics["orders.dead"]?.expiredCount == 1)
    }

    @Test func `the pause doubles up to its ceiling and is drawn from all of it`() {
        let policy = PartitionBench.policy
        let ceilings = (1...6).map { Backoff.ceiling(afterAttempt: $0, policy: policy).nanoseconds }
        #expect(ceilings == [10, 20, 40, 80, 90, 90])
        let drawn = (0..<500).map { seed in
            Backoff.delay(afterAttempt: 2, policy: policy, seed: UInt64(seed)).nanoseconds
        }
        #expect(Set(drawn) == Set(0...20))
    }

    @Test func `a policy holds from its entry on, but for the number of partitions`() {
        let bench = PartitionBench()
        var policy = PartitionBench.policy
        policy.triesMax = 1
        #expect(bench.apply(.adopt(policy)) == .done)
        #expect(bench.state.policy.triesMax == 1)
        policy.partitionCount = 7
        #expect(
            bench.apply(.adopt(policy))
                == .refused(.invalid("the number of partitions is settled")))
    }
}

/// A small partition and short forms of its commands; time is in nanoseconds.
final class PartitionBench {
    var state = Partition(index: 0, policy: policy)
    var time: Int64 = 0
    let name = GroupName(topic: "orders", group: "workers")

    init() {}

    static var policy: PartitionPolicy {
        var policy = PartitionPolicy()
        policy.partitionCount = 4
        policy.triesMax = 3
        policy.retryDelayMin = .nanoseconds(10)
        policy.retryDelayMax = .nanoseconds(90)
        policy.retention = .nanoseconds(1000)
        policy.session = .nanoseconds(100)
        policy.messagesMax = 4
        policy.bytesMax = 300
        policy.payloadBytesMax = 250
        policy.topicsMax = 2
        policy.groupsMax = 2
        policy.membersMax = 3
        policy.producersMax = 2
        policy.producerIdleMin = .nanoseconds(100)
        policy.producerWindow = 3
        return policy
    }

    @discardableResult
    func apply(_ command: PartitionCommand) -> PartitionReply {
        state.apply(TimedCommand(time: LogTime(nanoseconds: time), command: command))
    }

    var depth: GroupDepth { state.depth(of: name, at: LogTime(nanoseconds: time)) }

    @discardableResult
    func publish(
        _ text: String, topic: String = "orders", producer: String = "p", sequence: UInt64? = nil,
        delay: Int64 = 0
    ) -> PartitionReply {
        apply(
            .publish(
                Publication(
                    topic: topic, key: Array(text.utf8.prefix(9)), payload: Array(text.utf8),
                    stamp: sequence.map { ProducerStamp(producer: producer, sequence: $0) },
                    delay: .nanoseconds(delay))))
    }

    private func fetchReply(
        _ countMax: Int, _ name: GroupName, _ visibility: Int64, _ member: String,
        _ generation: UInt64
    ) -> PartitionReply {
        apply(
            .fetch(
                Fetch(
                    name: name, member: member,
                    generation: GroupGeneration(rawValue: generation), countMax: countMax,
                    visibility: .nanoseconds(visibility))))
    }

    func fetch(
        _ countMax: Int = 1, topic: String = "orders", group: String = "workers",
        visibility: Int64 = 1000, member: String = "w1", generation: UInt64 = 1
    ) -> [Lease] {
        let name = GroupName(topic: topic, group: group)
        let reply = fetchReply(countMax, name, visibility, member, generation)
        guard case .leases(let leases) = reply else { return [] }
        return leases
    }

    func refusalToFetch(
        group: String = "workers", member: String = "w1", generation: UInt64 = 1
    ) -> PartitionRefusal? {
        let name = GroupName(topic: "orders", group: group)
        guard case .refused(let refusal) = fetchReply(1, name, 1000, member, generation) else {
            return nil
        }
        return refusal
    }

    func acknowledge(_ token: LeaseToken, group: String = "workers") -> PartitionReply {
        apply(.acknowledge(GroupName(topic: "orders", group: group), [token]))
    }

    func extend(_ token: LeaseToken, by visibility: Int64 = 10) -> PartitionReply {
        apply(.extend(name, token, by: .nanoseconds(visibility)))
    }

    func reject(
        _ token: LeaseToken, topic: String = "orders", isPoison: Bool = false
    ) -> PartitionReply {
        apply(
            .reject(
                GroupName(topic: topic, group: "workers"),
                Rejection(token: token, note: "why", isPoison: isPoison, seed: UInt64(time))))
    }
}
