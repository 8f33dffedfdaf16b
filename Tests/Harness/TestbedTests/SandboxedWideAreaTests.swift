// Distances between regions in real namespaces: they stand, they are measured, and faults on such a
// link come on top of them and go again.

import Experiment
import Linux
import Reactor
import Testing

@testable import Testbed

@Suite(
    .serialized, .tags(.privileged), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: TestbedTests runs it in one"))
@ReactorActor
struct SandboxedWideAreaTests {
    private let link = WideAreaLink(between: ["eu", "us"], delay: .milliseconds(20))

    /// Two nodes in eu and us, and a client with an address in each.
    private func with(
        _ body: @ReactorActor (Testbed, _ eu: Node, _ us: Node, _ client: Node) async throws -> Void
    ) async throws {
        let testbed = try Testbed(seed: 3)
        let result: Result<Void, any Error>
        do {
            let eu = try testbed.createNode(
                name: "eu-1", address: IPv4Address(10, 1, 0, 1), region: "eu")
            let us = try testbed.createNode(
                name: "us-1", address: IPv4Address(10, 1, 0, 2), region: "us")
            let client = try testbed.createNode(name: "c", address: IPv4Address(10, 254, 0, 1))
            try testbed.addAddress(IPv4Address(10, 254, 1, 1), in: "eu", to: client)
            try testbed.addAddress(IPv4Address(10, 254, 2, 1), in: "us", to: client)
            try await body(testbed, eu, us, client)
            result = .success(())
        } catch { result = .failure(error) }
        try await testbed.tearDown()
        try result.get()
    }

    private func median(
        _ testbed: Testbed, _ from: IPv4Address, _ to: IPv4Address
    ) async throws -> Duration {
        let measured = try await LinkProbe(testbed.nodes).measure(
            [Direction(from: from, to: to)], count: 10, patience: .milliseconds(200))
        return try #require(measured.first?.delay(atShare: 0.5))
    }

    @Test func `regions are as far apart as the topology says, and one region is near`()
        async throws
    {
        try await with { testbed, eu, us, client in
            let distances = WideArea([link], in: testbed)
            try distances.lay()
            try await distances.prove()
            #expect(try await median(testbed, us.address, eu.address) >= .milliseconds(20))
            let european = IPv4Address(10, 254, 1, 1)
            #expect(try await median(testbed, european, us.address) >= .milliseconds(20))
            #expect(try await median(testbed, european, eu.address) < .milliseconds(15))
            // An address that is in no region is next to all.
            #expect(try await median(testbed, client.address, us.address) < .milliseconds(15))
        }
    }

    @Test func `distances that were not laid are not proven`() async throws {
        try await with { testbed, _, _, _ in
            await #expect(throws: StackError.self) {
                try await WideArea([link], in: testbed).prove()
            }
        }
    }

    @Test func `distances of another length are not proven`() async throws {
        try await with { testbed, _, _, _ in
            try WideArea([link], in: testbed).lay()
            var other = link
            other.delay = .milliseconds(60)
            await #expect(throws: StackError.self) {
                try await WideArea([other], in: testbed).prove()
            }
        }
    }

    @Test func `a fault comes on top of the distance and leaves it when it heals`() async throws {
        try await with { testbed, eu, us, _ in
            let distances = WideArea([link], in: testbed)
            try distances.lay()
            let links = testbed.links
            #expect(try links.impaired().isEmpty)
            let fault = Impairment(delay: .milliseconds(30))
            try links.impair(from: eu.address, to: us.address, fault)
            #expect(try links.isImpaired(from: eu.address, to: us.address))
            #expect(try await median(testbed, eu.address, us.address) >= .milliseconds(50))
            try links.heal(from: eu.address, to: us.address)
            #expect(try links.impaired().isEmpty)
            try await distances.prove()
        }
    }
}
