// What the shared log says of one group, one record each: the kind is the journal's tag, the payload
// begins with the group.
//
//     founded    group  how this replica began, see Founding.swift
//     hardState  group  term and vote
//     base       group  descriptor: entries up to it are gone, a durable state stands for them
//     reset      group  descriptor: every entry is void, the log goes on behind it
//     cut        group  index: entries from it on are void
//     entry      group  entry, right behind the last one
//     kept       group  entry, written once more so that its first place can be given back
//     removed    group  the replica is gone from this host
//
// Terms, indices and entries have Raft's own coding; the group is a varint.

import Raft
import Wire

enum LogRecord: Equatable {
    case founded(Founding)
    case hardState(HardState)
    case base(SnapshotDescriptor)
    case reset(SnapshotDescriptor)
    case cut(LogIndex)
    case entry(LogEntry)
    case kept(LogEntry)
    case removed

    enum Kind: UInt8 {
        case founded = 1
        case hardState = 2
        case base = 3
        case reset = 4
        case cut = 5
        case entry = 6
        case kept = 7
        case removed = 8

        /// What a record becomes when it is written again behind newer ones.
        var rewritten: Kind {
            switch self {
            case .entry, .kept: .kept
            case .base, .reset: .base
            case .founded, .hardState, .cut, .removed: self
            }
        }
    }

    var kind: Kind {
        switch self {
        case .founded: .founded
        case .hardState: .hardState
        case .base: .base
        case .reset: .reset
        case .cut: .cut
        case .entry: .entry
        case .kept: .kept
        case .removed: .removed
        }
    }

    func payload(of group: GroupID) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(varint: group.rawValue)
        if case .cut(let index) = self { writer.write(varint: index.rawValue) }
        var bytes = writer.finish()
        switch self {
        case .founded(let founding): founding.encode(into: &bytes)
        case .hardState(let state): state.encode(into: &bytes)
        case .base(let descriptor), .reset(let descriptor): descriptor.encode(into: &bytes)
        case .entry(let entry), .kept(let entry): entry.encode(into: &bytes)
        case .cut, .removed: break
        }
        return bytes
    }

    /// Reads a record; nil when it is none that this build knows.
    static func parse(kind: UInt8, payload: [UInt8]) -> (group: GroupID, record: LogRecord)? {
        guard let kind = Kind(rawValue: kind) else { return nil }
        var reader = ByteReader(payload.span)
        do {
            let group = GroupID(try reader.readVarint())
            return (group, try LogRecord(kind, &reader))
        } catch {
            return nil
        }
    }

    private init(_ kind: Kind, _ reader: inout ByteReader) throws {
        if kind == .cut {
            self = .cut(LogIndex(try reader.readVarint()))
            try reader.expectEnd()
            return
        }
        let rest = try reader.readRaw(reader.remaining)
        switch kind {
        case .founded: self = .founded(try Founding(decoding: rest))
        case .hardState: self = .hardState(try HardState(decoding: rest))
        case .base: self = .base(try SnapshotDescriptor(decoding: rest))
        case .reset: self = .reset(try SnapshotDescriptor(decoding: rest))
        case .entry: self = .entry(try LogEntry(decoding: rest))
        case .kept: self = .kept(try LogEntry(decoding: rest))
        case .removed: self = .removed
        case .cut: preconditionFailure("read above")
        }
    }
}
