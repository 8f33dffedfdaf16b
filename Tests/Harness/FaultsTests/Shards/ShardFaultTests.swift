// Shard faults: what an honest store proves, and each way in which the proof fails.

import Blueprint
import History
import Linux
import Reactor
import Testing
import Wire

@testable import Endpoints
@testable import Faults

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct ShardFaultTests {
    private func split(
        _ store: ShardStandIn, _ shard: UInt64 = 0, at boundary: UInt64? = nil
    ) -> ShardSplitFault {
        ShardSplitFault(
            shard, at: boundary, targets: ["s-1"], desk: store.desk,
            patience: .milliseconds(400))
    }

    private func move(
        _ store: ShardStandIn, to nodes: [String], returns: Bool = false
    ) -> ShardMoveFault {
        ShardMoveFault(
            0, to: nodes, returns: returns, targets: ["s-1"], desk: store.desk,
            patience: .milliseconds(400))
    }

    @Test func `a split is seen by the halves and by the new owner`() async throws {
        let store = try ShardStandIn([[1, 2], [3]])
        let proof = try await split(store).runThrough()
        #expect(proof.acts.first?.value == "1 -> 2")
        #expect(proof.acts.contains { $0.value == "shard 77 50..<100 version 2" })
        #expect(store.commands.contains(["SHARD", "SPLIT", "0", "AT", "50"]))
        #expect(proof.gone.map(\.value) == ["s-1"])
    }

    @Test(arguments: [
        (ShardStandIn.Lie.nothingDone, "was not split at 50"),
        (.refused, "ERR not today"),
        (.oldVersion, "was not split at 50"),
        (.everybodyOwns, "both answer"),
        (.nobodyOwns, "no new owner"),
    ])
    func `a split that cannot be seen is none`(_ lie: ShardStandIn.Lie, _ what: String)
        async throws
    {
        let store = try ShardStandIn([[1, 2], [3]])
        let fault = split(store)
        try await fault.prepare()
        store.lie = lie
        try fault.inject()
        await expectUnproven(what) { _ = try await fault.prove() }
    }

    @Test func `what cannot be split is not tried`() async throws {
        let store = try ShardStandIn([[1, 2], [3]])
        await expectUnproven("not inside") { try await split(store, at: 100).prepare() }
        await expectUnproven("tells of shard 9") { try await split(store, 9).prepare() }
        await expectUnproven("was not prepared") { try split(store).inject() }
        #expect(!store.commands.contains { $0.contains("SPLIT") })
    }

    @Test func `a move is seen by the members and by the only owner`() async throws {
        let store = try ShardStandIn([[1, 2], [3, 4]])
        let proof = try await move(store, to: ["s-3", "s-4"]).runThrough()
        #expect(proof.acts.map(\.value).prefix(3) == ["1 -> 2", "s-3,s-4", "s-3"])
        #expect(proof.gone.map(\.value) == ["s-3"])
    }

    @Test func `a move that lasts comes back`() async throws {
        let store = try ShardStandIn([[1, 2], [3, 4]])
        let proof = try await move(store, to: ["s-3", "s-4"], returns: true).runThrough()
        #expect(proof.gone.map(\.value).prefix(3) == ["2 -> 3", "s-1,s-2", "s-1"])
    }

    @Test(arguments: [
        (ShardStandIn.Lie.nothingDone, "did not move"),
        (.refused, "ERR not today"),
        (.oldVersion, "did not move: version 1 -> 1"),
        (.everybodyOwns, "both answer"),
        (.nobodyOwns, "no new owner"),
    ])
    func `a move that cannot be seen is none`(_ lie: ShardStandIn.Lie, _ what: String)
        async throws
    {
        let store = try ShardStandIn([[1, 2], [3, 4]])
        let fault = move(store, to: ["s-3", "s-4"])
        try await fault.prepare()
        store.lie = lie
        try fault.inject()
        await expectUnproven(what) { _ = try await fault.prove() }
    }

    @Test func `a move that does not come back is not healed`() async throws {
        let store = try ShardStandIn([[1, 2], [3, 4]])
        let fault = move(store, to: ["s-3", "s-4"], returns: true)
        try await fault.prepare()
        try fault.inject()
        _ = try await fault.prove()
        store.lie = .nothingDone
        try await fault.heal()
        await expectUnproven("did not move") { _ = try await fault.proveHealed() }
        await expectUnproven("already") { try await move(store, to: ["s-3", "s-4"]).prepare() }
    }
}
