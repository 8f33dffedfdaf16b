// What applying a command answers. A reply is kept in the request table, so that a retry gets the
// answer of its first try.

import Wire

package enum StoreReply: Hashable, Sendable {
    case ok
    case integer(Int64)
    case refused(Refusal)

    /// Why a command changed nothing.
    package enum Refusal: UInt8, Hashable, Sendable {
        /// INCRBY on a value that is no 64-bit decimal number.
        case notInteger = 1
        /// INCRBY past 64 bits.
        case overflow = 2
        /// The entry holds no command that this build knows.
        case malformed = 3
    }

    /// The form in the request table.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .ok: writer.write(u8: 0)
        case .integer(let value):
            writer.write(u8: 1)
            writer.write(signed: value)
        case .refused(let refusal):
            writer.write(u8: 2)
            writer.write(u8: refusal.rawValue)
        }
        return writer.bytes
    }

    init?(decoding reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readU8() {
        case 0: self = .ok
        case 1: self = .integer(try reader.readSigned())
        case 2:
            guard let refusal = Refusal(rawValue: try reader.readU8()) else { return nil }
            self = .refused(refusal)
        default: return nil
        }
    }
}
