// What an operator asks of a replica: a checksum to compare, a backup, a restore.
//
//     CHECKSUM                 to the leader: index, checksum of the state at that index
//     CHECKSUM AT index        to any replica: the same, once it has applied that index
//                              -UNAVAILABLE where a copy of the state was being made just then
//     BACKUP path              index; a new file on this node that holds every write that was
//                              acknowledged before, see BackupFile.swift
//     RESTORE path [FORCE]     to the leader: keys that were written; the shard has to be empty,
//                              or FORCE writes over what it has
//
// A backup that is damaged is refused before anything is written. A restore that was broken off can
// be sent again, with FORCE.

import Blueprint
import Linux
import Raft
import Reactor
import Replication
import Wire

extension StoreCommands {
    /// How long a replica may walk over its rows before it is said that it does not know.
    private static let checksumTimeout = Duration.seconds(9)

    func checksum(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let index: UInt64
        if words.take(ifWord: "AT") {
            index = try words.takeCount()
        } else {
            try words.expectEnd()
            guard let command = try? StoreCommand(request: nil, action: .checksum),
                case .integer(let place) = try await replicate(command)
            else {
                throw .unavailable("no checksum was taken")
            }
            index = UInt64(place)
        }
        let found = try await checksum(at: index)
        return .array([.integer(Int64(clamping: found.index)), .integer(Int64(found.sum))])
    }

    private func checksum(at index: UInt64) async throws(CommandRefusal) -> StateChecksum {
        let state = replica.state
        let deadline = MonotonicTime.now() + replica.limits.answerTimeout
        while state.applied.index.rawValue < index, .now() < deadline {
            await Reactor.sleep(for: .milliseconds(2))
        }
        let end = MonotonicTime.now() + Self.checksumTimeout
        while state.isTakingChecksum, .now() < end { await Reactor.sleep(for: .milliseconds(2)) }
        switch state.table.lastChecksum {
        case .success(let last)? where last.index == index: return last
        case .failure(let error)?: throw .unavailable(error.description)
        case .success?, nil:
            throw .unavailable("no checksum at index \(index) is remembered here")
        }
    }

    // MARK: Backup

    func backup(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let path = try path(of: command)
        guard command.count == 2 else { throw .arguments("backup") }
        guard !File.exists(path) else { throw .syntax("\(path) is there already") }
        switch await replica.readBarrier(anywhere: true) {
        case .refused(let refusal): throw refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        do throws(StateError) {
            let backup = try await replica.state.backUp(to: path)
            return .integer(Int64(clamping: backup.index))
        } catch {
            throw .unavailable(error.description)
        }
    }

    private func path(of command: RESPCommand) throws(CommandRefusal) -> String {
        guard let path = command.text(1), path.hasPrefix("/") else {
            throw .syntax("say the whole path of the file, on the node's machine")
        }
        return path
    }

    // MARK: Restore

    func restore(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let path = try path(of: command)
        let isForced = command.word(2, is: "FORCE")
        guard command.count == (isForced ? 3 : 2) else { throw .arguments("restore") }
        switch await replica.readBarrier() {
        case .refused(let refusal): throw refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        let keyCount = try intact { () throws(StateError) in
            try replica.state.table.usage().keyCount
        }
        guard isForced || keyCount == 0 else {
            throw .syntax("the shard is not empty; FORCE writes over it")
        }
        return .integer(Int64(try await restore(from: path)))
    }

    /// Writes every key of a backup through the log; gives their number.
    private func restore(from path: String) async throws(CommandRefusal) -> Int {
        let mapSize = settings.mapSize
        let checked = await offload { () -> StateError? in
            do throws(StateError) {
                _ = try BackupFile.check(path)
                return nil
            } catch {
                return error
            }
        }
        if let checked { throw .syntax("no intact backup: \(checked)") }
        var reader = try intact { () throws(StateError) in
            try BackupReader(path, mapSize: mapSize)
        }
        var count = 0
        while true {
            let pairs = try intact { () throws(StateError) in try reader.next() }
            if pairs.isEmpty { return count }
            for pair in pairs { try check(pair.key) }
            try await restore(pairs)
            count += pairs.count
        }
    }

    private func restore(_ pairs: [KeyValue]) async throws(CommandRefusal) {
        let writes = pairs.map { Write(key: $0.key, .set($0.value)) }
        let command: StoreCommand
        do throws(StoreCommandError) {
            command = try StoreCommand(
                request: nil, action: .transact(Transaction(writes: writes)))
        } catch {
            throw .tooLarge(error.description)
        }
        _ = try await replicate(command)
    }

    private func intact<Value>(
        _ body: () throws(StateError) -> Value
    ) throws(CommandRefusal) -> Value {
        do throws(StateError) {
            return try body()
        } catch {
            throw .unavailable(error.description)
        }
    }
}
