// Shard split: a shard of the store becomes two, online, as an operator who sees it grow would have
// it. Proven by what the nodes then say: a newer version with a narrower range, a new shard with the
// rest, and one owner that answers for a key of it.

import Blueprint
import Endpoints
import History
import Linux
import Reactor
import Wire

@ReactorActor
final class ShardSplitFault: Fault {
    let targets: [String]
    private let desk: ShardDesk
    private let shard: UInt64
    private let wanted: UInt64?
    private let patience: Duration
    private var before: ShardRow?
    private var boundary: UInt64 = 0
    private var answer: Task<Result<RESPValue, FaultError>, Never>?
    private var key: String?

    /// `boundary` is the first coordinate of the new shard; nil: the middle.
    init(
        _ shard: UInt64, at boundary: UInt64?, targets: [String], desk: ShardDesk,
        patience: Duration = .seconds(15)
    ) {
        self.shard = shard
        wanted = boundary
        self.targets = targets
        self.desk = desk
        self.patience = patience
    }

    var promise: [Evidence] {
        [Evidence("split of shard \(shard)", wanted.map { "at \($0)" } ?? "in the middle")]
    }

    func prepare() async throws(FaultError) {
        guard let row = await desk.row(of: shard) else {
            throw .unproven("no node tells of shard \(shard)")
        }
        guard let place = wanted ?? row.range.middle else {
            throw .unproven("\(row.summary) has no middle; say \"boundary\"")
        }
        guard row.range.canSplit(at: place) else {
            throw .unproven("\(place) is not inside \(row.range)")
        }
        before = row
        boundary = place
    }

    /// The boundary is said, so that a second try of the command can split nothing else.
    func inject() throws(FaultError) {
        guard let before else { throw .unproven("the split was not prepared") }
        let deadline = MonotonicTime.now() + patience
        answer = Task { @ReactorActor in
            do throws(FaultError) {
                return .success(
                    try await desk.command(
                        ["SHARD", "SPLIT", "\(shard)", "AT", "\(boundary)"], of: before,
                        deadline: deadline))
            } catch {
                return .failure(error)
            }
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        guard let before else { throw .unproven("the split was not prepared") }
        let deadline = MonotonicTime.now() + patience
        let started = MonotonicTime.now()
        var halves: (left: ShardRow, right: ShardRow)?
        _ = await eventually(within: patience, every: .milliseconds(20)) {
            halves = Self.halves(of: before, at: boundary, among: await desk.rows())
            return halves != nil
        }
        guard let halves else {
            throw .unproven("\(before.summary) was not split at \(boundary)\(await complaint())")
        }
        let key = try await desk.key(in: halves.right.range)
        self.key = key
        let owner = try await desk.owner(of: key, among: halves.right.members, deadline: deadline)
        return [
            Evidence("version", "\(before.version) -> \(halves.left.version)"),
            Evidence("left half", "\(halves.left.summary)"),
            Evidence("right half", "\(halves.right.summary)"),
            Evidence("owner of \(key)", owner),
            Evidence("split after", (MonotonicTime.now() - started).milliseconds),
        ]
    }

    /// The halves, where both are there and newer than the whole.
    static func halves(
        of whole: ShardRow, at boundary: UInt64, among rows: [ShardRow]
    ) -> (left: ShardRow, right: ShardRow)? {
        guard
            let left = rows.first(where: {
                $0.shard == whole.shard && $0.version > whole.version
                    && $0.range.upper == boundary
            }),
            let right = rows.first(where: {
                $0.shard != whole.shard && $0.version > whole.version
                    && $0.range.lower == boundary && !$0.members.isEmpty
            })
        else { return nil }
        return (left, right)
    }

    private func complaint() async -> String {
        switch await answer?.value {
        case .success(.error(let text))?: ": \(text)"
        case .failure(let error)?: ": \(error)"
        case .success?, nil: ""
        }
    }

    /// A split is over as soon as it is done.
    func heal() {}

    func proveHealed() async throws(FaultError) -> [Evidence] {
        guard let key else { return [] }
        let owner = try await desk.owner(
            of: key, among: desk.nodes, deadline: .now() + patience)
        return [Evidence("owner of \(key)", owner)]
    }
}
