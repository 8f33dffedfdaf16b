// The store's state machine as a replica drives it: LMDB's commits and copies run on helper threads,
// and clients' questions are answered from it once a quorum has confirmed that reading is safe.

package import Raft
package import Reactor
package import Replication

/// One replica of a shard.
package typealias StoreGroup = ReplicaGroup<StoreState>

@ReactorActor
package final class StoreState: ReplicatedState {
    let table: KeyValueState
    package private(set) var isNearlyFull = false
    /// Names the commands that came without an ID; random, so that no two lives share a name.
    private let anonymousClient = Array("anonymous-\(UInt64.random(in: .min ... .max))".utf8)
    private var anonymousCount: UInt64 = 0

    init(folder: String, founders: Membership, mapSize: Int) throws(StateError) {
        table = try KeyValueState(
            folder: folder, membership: founders, options: KeyValueState.Options(mapSize: mapSize))
    }

    package var applied: LogPosition { table.applied }
    package var checkpointed: LogPosition { table.checkpointed }
    package var membership: Membership { table.membership }
    package var isFree: Bool { !table.isCheckpointing }

    package func apply(_ entries: [LogEntry]) throws(StateError) -> [StoreReply?] {
        try table.apply(entries)
    }

    package func checkpoint() async throws(StateError) {
        guard let work = try table.beginCheckpoint() else { return }
        try table.finishCheckpoint(await offload { work.perform() })
        let usage = try table.usage()
        isNearlyFull = usage.byteCount > usage.mapSize / 10 * 9
    }

    package func copy(to path: String) async throws(StateError) -> SnapshotFile {
        let work = try table.beginSnapshot(to: path)
        return try table.finishSnapshot(await offload { work.perform() })
    }

    package func install(_ file: SnapshotFile) async throws(StateError) {
        try table.install(file)
    }

    /// An ID for a command that has none of its own: each try of it counts as another request.
    func anonymousRequest() -> RequestID {
        anonymousCount += 1
        return RequestID(client: anonymousClient, sequence: anonymousCount)
    }
}

/// What a client wants to see.
enum StoreQuery: Sendable {
    case values(of: [[UInt8]])
    /// The highest keys first.
    case range(prefix: [UInt8], limit: Int)
}

/// What became of a client's question.
enum QueryOutcome: Sendable {
    /// One value, or none, for each key asked for.
    case values([[UInt8]?])
    case range([KeyValue])
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, before a quorum confirmed it.
    case lost
    case failed(StateError)
}

extension ReplicaGroup where State == StoreState {
    /// Reads what every acknowledged write up to now has left.
    func read(_ query: StoreQuery) async -> QueryOutcome {
        switch await readBarrier() {
        case .refused(let refusal): return .refused(refusal)
        case .lost: return .lost
        case .ready: return state.answer(query)
        }
    }
}

extension StoreState {
    fileprivate func answer(_ query: StoreQuery) -> QueryOutcome {
        do throws(StateError) {
            switch query {
            case .values(let keys):
                var values: [[UInt8]?] = []
                for key in keys { values.append(try table.value(of: key)) }
                return .values(values)
            case .range(let prefix, let limit):
                return .range(try table.range(prefix: prefix, limit: limit))
            }
        } catch {
            return .failed(error)
        }
    }
}
