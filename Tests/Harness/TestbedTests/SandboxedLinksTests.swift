// Links, partitions and impairments between real namespaces.

import Experiment
import Linux
import Reactor
import Testing

@testable import Testbed

@Suite(
    .serialized, .tags(.privileged), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: TestbedTests runs it in one"))
@ReactorActor
struct SandboxedLinksTests {
    /// Long enough for a loaded machine; nothing waits this long when it works.
    private let patience = Duration.seconds(5)
    /// Waited in vain where nothing must arrive.
    private let silence = Duration.milliseconds(60)

    @Test func `two nodes reach each other both ways`() async throws {
        try await TwoNodes.with { bench in
            let there = try Probe(from: bench.a, to: bench.b)
            let back = try Probe(from: bench.b, to: bench.a)
            #expect(try there.arrives(within: patience))
            #expect(try back.arrives(within: patience))
        }
    }

    @Test func `the router reaches a node and is reached`() async throws {
        try await TwoNodes.with { bench in
            let here = try DatagramSocket(SocketAddress(ip: Links.router, port: 9001))
            let there = try bench.a.openDatagram(SocketAddress(ip: bench.a.address, port: 9001))
            try here.send([1], to: SocketAddress(ip: bench.a.address, port: 9001))
            #expect(try there.receive(deadline: .now() + patience) == [1])
            try there.send([2], to: SocketAddress(ip: Links.router, port: 9001))
            #expect(try here.receive(deadline: .now() + patience) == [2])
        }
    }

    @Test func `a detached node is gone`() async throws {
        try await TwoNodes.with { bench in
            let probe = try Probe(from: bench.a, to: bench.b)
            try bench.testbed.links.detach(bench.b.address)
            #expect(try !probe.arrives(within: silence))
        }
    }

    @Test func `a partition cuts one way only, and healing restores it`() async throws {
        try await TwoNodes.with { bench in
            let links = bench.testbed.links
            let there = try Probe(from: bench.a, to: bench.b)
            let back = try Probe(from: bench.b, to: bench.a)
            #expect(try !links.isBlocked(from: bench.a.address, to: bench.b.address))

            try links.block(from: bench.a.address, to: bench.b.address)
            #expect(try !there.arrives(within: silence))
            #expect(try back.arrives(within: patience))
            #expect(try links.isBlocked(from: bench.a.address, to: bench.b.address))
            #expect(try !links.isBlocked(from: bench.b.address, to: bench.a.address))

            try links.unblock(from: bench.a.address, to: bench.b.address)
            #expect(try there.arrives(within: patience))
            #expect(try links.blocked().isEmpty)
        }
    }

    @Test func `a partition stops a connection that is open`() async throws {
        try await TwoNodes.with { bench in
            let (client, server) = try await Stream.pair(bench)
            try await client.exchange(with: server, deadline: .now() + patience)
            try bench.testbed.links.block(from: bench.a.address, to: bench.b.address)
            client.connection.send([2])
            await #expect(throws: TransportError.self) {
                try await server.connection.receive(deadline: .now() + silence)
            }
            try bench.testbed.links.unblock(from: bench.a.address, to: bench.b.address)
            #expect(try await server.connection.receive(deadline: .now() + patience))
        }
    }

    @Test func `blocking twice is refused, with the kernel's reason`() async throws {
        try await TwoNodes.with { bench in
            let links = bench.testbed.links
            try links.block(from: bench.a.address, to: bench.b.address)
            let refusal = #expect(throws: SyscallError.self) {
                try links.block(from: bench.a.address, to: bench.b.address)
            }
            #expect(refusal?.errno == .exists)
        }
    }

    @Test func `a delay holds for one direction, and no less than asked`() async throws {
        try await TwoNodes.with { bench in
            let there = try Probe(from: bench.a, to: bench.b)
            let back = try Probe(from: bench.b, to: bench.a)
            try bench.testbed.links.impair(
                from: bench.a.address, to: bench.b.address, Impairment(delay: .milliseconds(50)))
            #expect(
                try bench.testbed.links.isImpaired(from: bench.a.address, to: bench.b.address))
            var shortest = Duration.seconds(1)
            for _ in 0..<10 {
                try there.send()
                let took = try #require(try there.receive(within: patience)).took
                #expect(took >= .milliseconds(50))
                shortest = min(shortest, took)
                try back.send()
                let untouched = try #require(try back.receive(within: patience)).took
                #expect(untouched < .milliseconds(40))
            }
            #expect(shortest < .milliseconds(55))
        }
    }

    @Test func `jitter stays in its band and keeps the order`() async throws {
        try await TwoNodes.with { bench in
            let probe = try Probe(from: bench.a, to: bench.b)
            try bench.testbed.links.impair(
                from: bench.a.address, to: bench.b.address,
                Impairment(delay: .milliseconds(20), jitter: .milliseconds(10)))
            for _ in 0..<200 { try probe.send() }
            for number in 1...200 {
                let arrived = try #require(try probe.receive(within: patience))
                #expect(arrived.number == UInt64(number))
                #expect(arrived.took >= .milliseconds(10))
            }
        }
    }

    @Test func `loss is what was asked for, and counted`() async throws {
        try await TwoNodes.with { bench in
            let probe = try Probe(from: bench.a, to: bench.b)
            let links = bench.testbed.links
            try links.impair(
                from: bench.a.address, to: bench.b.address, Impairment(loss: .independent(0.2)))
            var arrived = 0
            for _ in 0..<40 {
                for _ in 0..<50 { try probe.send() }
                while try probe.receive(within: .milliseconds(20)) != nil { arrived += 1 }
            }
            let counters = try await bench.settledCounters(within: patience)
            while try probe.receive(within: silence) != nil { arrived += 1 }
            #expect(counters.seen == 2000)
            #expect(counters.lost + counters.delivered == 2000)
            #expect(counters.overflowed == 0)
            #expect(arrived == counters.delivered)
            // Binomial(2000, 0.2): mean 400, standard deviation 17.9; five of them.
            #expect((310...490).contains(counters.lost))
        }
    }

    @Test func `the same seed loses the same packets`() async throws {
        var survivors: [[UInt64]] = []
        for seed in [UInt64(3), 3, 4] {
            try await TwoNodes.with(seed: seed) { bench in
                let probe = try Probe(from: bench.a, to: bench.b)
                try bench.testbed.links.impair(
                    from: bench.a.address, to: bench.b.address, Impairment(loss: .independent(0.5)))
                for _ in 0..<64 { try probe.send() }
                var numbers: [UInt64] = []
                while let arrived = try probe.receive(within: .milliseconds(100)) {
                    numbers.append(arrived.number)
                }
                survivors.append(numbers)
            }
        }
        #expect(survivors[0] == survivors[1])
        #expect(survivors[0] != survivors[2])
    }

    @Test func `healing lets go what was held, in order, and restores the path`() async throws {
        try await TwoNodes.with { bench in
            let probe = try Probe(from: bench.a, to: bench.b)
            let links = bench.testbed.links
            try links.impair(
                from: bench.a.address, to: bench.b.address, Impairment(delay: .seconds(30)))
            for _ in 0..<100 { try probe.send() }
            #expect(try probe.receive(within: silence) == nil)
            try links.heal(from: bench.a.address, to: bench.b.address)
            for number in 1...100 {
                #expect(try #require(try probe.receive(within: patience)).number == number)
            }
            #expect(try links.impaired().isEmpty)
            try probe.send()
            #expect(try #require(try probe.receive(within: patience)).number == 101)
            let counters = try await bench.settledCounters(within: patience)
            #expect(counters.seen == 100)
            #expect(counters.delivered == 100)
        }
    }

    @Test func `a partition also stops what the emulator holds`() async throws {
        try await TwoNodes.with { bench in
            let probe = try Probe(from: bench.a, to: bench.b)
            let links = bench.testbed.links
            try links.impair(
                from: bench.a.address, to: bench.b.address, Impairment(delay: .milliseconds(40)))
            try probe.send()
            try links.block(from: bench.a.address, to: bench.b.address)
            #expect(try !probe.arrives(within: .milliseconds(150)))
        }
    }

    @Test func `large transfers cross an impaired link whole`() async throws {
        try await TwoNodes.with { bench in
            let links = bench.testbed.links
            try links.impair(
                from: bench.a.address, to: bench.b.address,
                Impairment(
                    duplicate: 0.01, delay: Delay(.milliseconds(2)),
                    reordering: Reordering(ratio: 0.01, delay: .milliseconds(1))))
            let (client, server) = try await Stream.pair(bench)
            let sent = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            client.connection.send(sent)
            let deadline = MonotonicTime.now() + .seconds(30)
            while server.connection.inbound.count < sent.count {
                #expect(try await server.connection.receive(deadline: deadline))
            }
            #expect(server.holds(sent))
            let counters = try #require(links.counters(from: bench.a.address, to: bench.b.address))
            // Segments were cut to the link's size before the emulator saw them.
            #expect(counters.seen > sent.count / 1500)
            #expect(counters.overflowed == 0)
        }
    }
}
