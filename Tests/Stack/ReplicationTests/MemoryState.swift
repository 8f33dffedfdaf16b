// A state machine in memory, durable by whole files only: the other kind beside the store's database.
// A command is `key=value`; its reply is the number of commands that the group has applied.

import Linux
import Raft
import Reactor
import Wire

@testable import Replication

@ReactorActor
final class MemoryState: ReplicatedState {
    private(set) var applied = LogPosition.zero
    private(set) var checkpointed = LogPosition.zero
    private(set) var membership: Membership
    private(set) var values: [String: String] = [:]
    private(set) var count = 0
    let isFree = true
    private let path: String

    /// `values` are what a group begins with that does not begin empty.
    init(folder: String, founders: Membership, values: [String: String] = [:]) throws {
        path = folder + "/memory"
        membership = founders
        try File.makeDirectories(folder)
        if File.exists(path) {
            try read(try File.contents(of: path))
        } else if !values.isEmpty {
            self.values = values
            applied = LogPosition(index: LogIndex(1), term: Term(1))
            try File.replace(path, with: encoded)
        }
        checkpointed = applied
    }

    func apply(_ entries: [LogEntry]) throws(SyscallError) -> [Int?] {
        entries.map { entry in
            guard entry.index > applied.index else { return nil }
            precondition(entry.index == applied.index.next, "entries are applied in order")
            applied = entry.position
            if case .configuration(let members) = entry.payload { membership = members }
            guard case .command(let bytes) = entry.payload else { return nil }
            let words = String(decoding: bytes, as: UTF8.self).split(separator: "=", maxSplits: 1)
            values[String(words.first ?? "")] = String(words.last ?? "")
            count += 1
            return count
        }
    }

    func checkpoint() async throws(SyscallError) {
        let position = applied
        _ = try await write(to: path)
        checkpointed = position
    }

    func copy(to path: String) async throws(SyscallError) -> SnapshotFile {
        let descriptor = SnapshotDescriptor(position: applied, membership: membership)
        let bytes = try await write(to: path)
        return SnapshotFile(
            path: path, descriptor: descriptor, byteCount: bytes.count,
            checksum: CRC32C.checksum(bytes.span))
    }

    func install(_ file: SnapshotFile) async throws(SyscallError) {
        let bytes = try File.contents(of: file.path)
        try File.rename(file.path, to: path)
        try? read(bytes)
        precondition(applied == file.descriptor.position, "the file is what was announced")
        checkpointed = applied
    }

    private func write(to path: String) async throws(SyscallError) -> [UInt8] {
        let bytes = encoded
        let result = await offload { () -> Result<Void, SyscallError> in
            do throws(SyscallError) {
                return .success(try File.replace(path, with: bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        return bytes
    }

    private var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u64: applied.index.rawValue)
        writer.write(u64: applied.term.rawValue)
        writer.write(count: count)
        var members: [UInt8] = []
        if membership != .joining { membership.encode(into: &members) }
        writer.write(bytes: members)
        writer.write(count: values.count)
        for (key, value) in values {
            writer.write(text: key)
            writer.write(text: value)
        }
        return writer.finish()
    }

    private func read(_ bytes: [UInt8]) throws {
        var reader = ByteReader(bytes.span)
        applied = LogPosition(
            index: LogIndex(try reader.readU64()), term: Term(try reader.readU64()))
        count = Int(try reader.readVarint())
        let members = try reader.readSpan()
        membership = members.isEmpty ? .joining : try Membership(decoding: members)
        values = [:]
        for _ in 0..<(try reader.readCount()) {
            let key = try reader.readText()
            values[key] = try reader.readText()
        }
    }
}
