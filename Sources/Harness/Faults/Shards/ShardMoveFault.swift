// Shard move: a shard of the store goes to the nodes of another one, online, and back when the fault
// heals. Proven by what the nodes then say: a newer version with the new members, and of all nodes of
// the store one alone, a new one, that answers for a key of the shard.
//
// A move may meet a partition or a kill of another step. It is then asked for again, of whoever leads,
// until it is done or the patience is over.

import Blueprint
import Endpoints
import History
import Linux
import Reactor
import Wire

@ReactorActor
final class ShardMoveFault: Fault {
    let targets: [String]
    private let desk: ShardDesk
    private let shard: UInt64
    private let destination: [String]
    /// Whether the heal brings the shard back.
    private let returns: Bool
    private let patience: Duration
    private var before: ShardRow?
    private var key: String?
    private var answer: Task<Result<RESPValue, FaultError>, Never>?

    init(
        _ shard: UInt64, to destination: [String], returns: Bool, targets: [String],
        desk: ShardDesk, patience: Duration = .seconds(25)
    ) {
        self.shard = shard
        self.destination = destination
        self.returns = returns
        self.targets = targets
        self.desk = desk
        self.patience = patience
    }

    var promise: [Evidence] {
        [Evidence("move of shard \(shard) to", destination.joined(separator: ","))]
    }

    func prepare() async throws(FaultError) {
        guard let row = await desk.row(of: shard) else {
            throw .unproven("no node tells of shard \(shard)")
        }
        guard Set(row.members.map(\.name)) != Set(destination) else {
            throw .unproven("shard \(shard) is on \(destination.joined(separator: ",")) already")
        }
        before = row
        key = try await desk.key(in: row.range)
    }

    func inject() throws(FaultError) {
        guard let before else { throw .unproven("the move was not prepared") }
        order(destination, from: before)
    }

    /// Moving to where it is does nothing, so the command may be sent again.
    private func order(_ nodes: [String], from row: ShardRow) {
        let deadline = MonotonicTime.now() + patience
        answer = Task { @ReactorActor in
            do throws(FaultError) {
                return .success(
                    try await desk.command(
                        ["SHARD", "MOVE", "\(shard)", "TO"] + nodes, of: row,
                        deadline: deadline))
            } catch {
                return .failure(error)
            }
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        guard let before, let key else { throw .unproven("the move was not prepared") }
        return try await proof(that: destination, have: key, newerThan: before)
    }

    private func proof(
        that nodes: [String], have key: String, newerThan before: ShardRow
    ) async throws(FaultError) -> [Evidence] {
        let started = MonotonicTime.now()
        let deadline = started + patience
        var after: ShardRow?
        let moved = await eventually(within: patience, every: .milliseconds(20)) {
            after = await desk.row(of: shard)
            return Self.isMove(from: before, to: after, nodes)
        }
        guard moved, let after else {
            let members = after?.members.map(\.name).sorted().joined(separator: ",") ?? "unknown"
            throw .unproven(
                "shard \(shard) did not move: version \(before.version) -> "
                    + "\(after?.version ?? 0), on \(members)\(await complaint())")
        }
        let owner = try await desk.owner(of: key, among: after.members, deadline: deadline)
        return [
            Evidence("version", "\(before.version) -> \(after.version)"),
            Evidence("members", after.members.map(\.name).sorted().joined(separator: ",")),
            Evidence("the only owner of \(key)", owner),
            Evidence("moved after", (MonotonicTime.now() - started).milliseconds),
        ]
    }

    static func isMove(from before: ShardRow, to after: ShardRow?, _ nodes: [String]) -> Bool {
        guard let after else { return false }
        return after.version > before.version && Set(after.members.map(\.name)) == Set(nodes)
    }

    private func complaint() async -> String {
        switch await answer?.value {
        case .success(.error(let text))?: ": \(text)"
        case .failure(let error)?: ": \(error)"
        case .success?, nil: ""
        }
    }

    private var moved: ShardRow?

    func heal() async throws(FaultError) {
        guard returns, let before else { return }
        _ = await answer?.value
        moved = await desk.row(of: shard)
        if let moved { order(before.members.map(\.name), from: moved) }
    }

    func proveHealed() async throws(FaultError) -> [Evidence] {
        guard let before, let key else { return [] }
        if returns, let moved {
            return try await proof(that: before.members.map(\.name), have: key, newerThan: moved)
        }
        let owner = try await desk.owner(
            of: key, among: desk.nodes, deadline: .now() + patience)
        return [Evidence("owner of \(key)", owner)]
    }
}
