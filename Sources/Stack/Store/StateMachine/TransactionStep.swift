// The five entries of a transaction across shards and their bytes. What they mean, and why no order in
// which they arrive can part two shards, is in TwoPhase.swift.
//
//      7 begin    part, home, count and participants (varints)      8 prepare   part, id
//      9 decide   id, 0 abort | 1 commit | 2 abort, place           10 finish   id, committed
//     11 forget   id

import Wire

package enum TransactionStep: Hashable, Sendable {
    case begin(TransactionPart, home: UInt64, participants: [UInt64])
    case prepare(TransactionPart, TransactionID)
    case decide(TransactionID, Verdict)
    case finish(TransactionID, isCommitted: Bool)
    case forget(TransactionID)

    var part: TransactionPart? {
        switch self {
        case .begin(let part, _, _), .prepare(let part, _): part
        case .decide, .finish, .forget: nil
        }
    }
}

extension TransactionStep {
    private enum Tag {
        static let begin: UInt8 = 7
        static let prepare: UInt8 = 8
        static let decide: UInt8 = 9
        static let finish: UInt8 = 10
        static let forget: UInt8 = 11
    }

    private enum VerdictTag {
        static let abort: UInt8 = 0
        static let commit: UInt8 = 1
        static let failed: UInt8 = 2
    }

    var tag: UInt8 {
        switch self {
        case .begin: Tag.begin
        case .prepare: Tag.prepare
        case .decide: Tag.decide
        case .finish: Tag.finish
        case .forget: Tag.forget
        }
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .begin(let part, let home, let participants):
            part.encode(into: &writer)
            writer.write(varint: home)
            writer.write(count: participants.count)
            for shard in participants { writer.write(varint: shard) }
        case .prepare(let part, let id):
            part.encode(into: &writer)
            id.encode(into: &writer)
        case .decide(let id, let verdict):
            id.encode(into: &writer)
            Self.write(verdict, to: &writer)
        case .finish(let id, let isCommitted):
            id.encode(into: &writer)
            writer.write(bool: isCommitted)
        case .forget(let id): id.encode(into: &writer)
        }
    }

    private static func write(_ verdict: Verdict, to writer: inout ByteWriter) {
        switch verdict {
        case .commit: writer.write(u8: VerdictTag.commit)
        case .abort(nil): writer.write(u8: VerdictTag.abort)
        case .abort(let place?):
            writer.write(u8: VerdictTag.failed)
            writer.write(count: place)
        }
    }

    /// Nil for a tag that is no step's.
    init?(tag: UInt8, decoding reader: inout ByteReader) throws(StoreCommandError) {
        var part: TransactionPart?
        if tag == Tag.begin || tag == Tag.prepare { part = try TransactionPart(decoding: &reader) }
        do throws(ByteReaderError) {
            switch (tag, part) {
            case (Tag.begin, let part?):
                let home = try reader.readVarint()
                var participants: [UInt64] = []
                for _ in 0..<(try reader.readCount()) {
                    participants.append(try reader.readVarint())
                }
                self = .begin(part, home: home, participants: participants)
            case (Tag.prepare, let part?):
                self = .prepare(part, try TransactionID(decoding: &reader))
            case (Tag.decide, _):
                let id = try TransactionID(decoding: &reader)
                self = .decide(id, try Self.readVerdict(&reader))
            case (Tag.finish, _):
                let id = try TransactionID(decoding: &reader)
                self = .finish(id, isCommitted: try reader.readBool())
            case (Tag.forget, _): self = .forget(try TransactionID(decoding: &reader))
            default: return nil
            }
        } catch {
            throw .malformed(error)
        }
    }

    private static func readVerdict(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Verdict {
        let tag = try reader.readU8()
        switch tag {
        case VerdictTag.abort: return .abort(failed: nil)
        case VerdictTag.commit: return .commit
        case VerdictTag.failed: return .abort(failed: Int(clamping: try reader.readVarint()))
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: reader.offset - 1)
        }
    }
}
