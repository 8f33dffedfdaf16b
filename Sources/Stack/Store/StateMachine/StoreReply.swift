// What applying a command answers. A final reply is kept in the request table, so that a retry gets
// the answer of its first try.

import Wire

package enum StoreReply: Hashable, Sendable {
    case ok
    case integer(Int64)
    case refused(Refusal)
    /// A transaction counted; its writes have this version.
    case committed(version: UInt64)
    /// A transaction did not count: the condition at this place, from 0, was the first not to hold.
    case failed(condition: Int)
    /// A session was opened by the entry at this index.
    case session(openedAt: UInt64)
    /// The request's session, or its place in it, was forgotten: nothing was done now, and whether
    /// an earlier try did anything nobody knows. Never kept.
    case expired
    /// A key is held by a transaction across shards; nothing was done. Never kept.
    case locked(TransactionID)
    /// Such a transaction was begun and waits for its other shards. Never kept.
    case begun(TransactionID)
    /// A participant can do its part, and will do it if home says so.
    case prepared
    /// Home has decided against it. Never kept.
    case aborted

    /// Why a command changed nothing.
    package enum Refusal: UInt8, Error, Hashable, Sendable {
        /// INCRBY on a value that is no 64-bit decimal number.
        case notInteger = 1
        /// INCRBY past 64 bits.
        case overflow = 2
        /// The entry holds no command that this build knows.
        case malformed = 3
        /// A key is not this shard's any more. Never kept.
        case moved = 4
        /// Too many transactions across shards are under way here. Never kept.
        case overloaded = 5
    }

    private enum Tag {
        static let ok: UInt8 = 0
        static let integer: UInt8 = 1
        static let refused: UInt8 = 2
        static let committed: UInt8 = 3
        static let failed: UInt8 = 4
        static let session: UInt8 = 5
        static let expired: UInt8 = 6
        static let locked: UInt8 = 7
        static let begun: UInt8 = 8
        static let prepared: UInt8 = 9
        static let aborted: UInt8 = 10
    }

    /// The form in the request table, and between shards.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .ok: writer.write(u8: Tag.ok)
        case .integer(let value):
            writer.write(u8: Tag.integer)
            writer.write(signed: value)
        case .refused(let refusal):
            writer.write(u8: Tag.refused)
            writer.write(u8: refusal.rawValue)
        case .committed(let version):
            writer.write(u8: Tag.committed)
            writer.write(varint: version)
        case .failed(let condition):
            writer.write(u8: Tag.failed)
            writer.write(count: condition)
        case .session(let index):
            writer.write(u8: Tag.session)
            writer.write(varint: index)
        case .expired: writer.write(u8: Tag.expired)
        case .locked(let id):
            writer.write(u8: Tag.locked)
            id.encode(into: &writer)
        case .begun(let id):
            writer.write(u8: Tag.begun)
            id.encode(into: &writer)
        case .prepared: writer.write(u8: Tag.prepared)
        case .aborted: writer.write(u8: Tag.aborted)
        }
        return writer.bytes
    }

    init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        guard let reply = try? StoreReply(decoding: &reader), reader.remaining == 0 else {
            return nil
        }
        self = reply
    }

    init?(decoding reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readU8() {
        case Tag.ok: self = .ok
        case Tag.integer: self = .integer(try reader.readSigned())
        case Tag.refused:
            guard let refusal = Refusal(rawValue: try reader.readU8()) else { return nil }
            self = .refused(refusal)
        case Tag.committed: self = .committed(version: try reader.readVarint())
        case Tag.failed: self = .failed(condition: Int(clamping: try reader.readVarint()))
        case Tag.session: self = .session(openedAt: try reader.readVarint())
        case Tag.expired: self = .expired
        case Tag.locked: self = .locked(try TransactionID(decoding: &reader))
        case Tag.begun: self = .begun(try TransactionID(decoding: &reader))
        case Tag.prepared: self = .prepared
        case Tag.aborted: self = .aborted
        default: return nil
        }
    }
}
