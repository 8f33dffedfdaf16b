// The state machine in memory: rebuilt from the log at each start, so that nothing is lost as long
// as the log is kept whole. Requests that were applied are remembered with their replies.

import Raft
import Reactor
import Wire

@ReactorActor
final class KeyValueState {
    private(set) var applied = LogPosition.zero
    private var values: [[UInt8]: [UInt8]] = [:]
    private var replies: [RequestID: StoreReply] = [:]

    private init() {}

    static func open(folder: String, mapSize: Int) throws(StateError) -> KeyValueState {
        KeyValueState()
    }

    func value(of key: [UInt8]) throws(StateError) -> [UInt8]? { values[key] }

    func range(prefix: [UInt8], limit: Int) throws(StateError) -> [(key: [UInt8], value: [UInt8])] {
        let found = values.filter { $0.key.starts(with: prefix) }
        let sorted = found.sorted { $1.key.lexicographicallyPrecedes($0.key) }
        return sorted.prefix(limit).map { (key: $0.key, value: $0.value) }
    }

    func apply(_ entries: [LogEntry]) throws(StateError) -> [StoreReply] {
        var results: [StoreReply] = []
        for entry in entries {
            results.append(apply(entry))
            applied = entry.position
        }
        return results
    }

    private func apply(_ entry: LogEntry) -> StoreReply {
        guard case .command(let bytes) = entry.payload else { return .ok }
        guard let command = try? StoreCommand(decoding: bytes.span) else {
            return .refused(.malformed)
        }
        if let known = replies[command.request] { return known }
        let reply = carryOut(command.action)
        replies[command.request] = reply
        return reply
    }

    private func carryOut(_ action: StoreCommand.Action) -> StoreReply {
        switch action {
        case .set(let key, let value):
            values[key] = value
            return .ok
        case .increment(let key, let step):
            let text = values[key] ?? [0x30]
            guard let value = text.span.decimalValue else {
                return .refused(.notInteger)
            }
            let (sum, overflow) = value.addingReportingOverflow(step)
            if overflow { return .refused(.overflow) }
            values[key] = Array("\(sum)".utf8)
            return .integer(sum)
        case .once(let token, let key, let value):
            guard values[token] == nil else { return .integer(0) }
            values[token] = []
            values[key] = value
            return .integer(1)
        }
    }
}
