// How a replica of a group began on this host: the first record of each group in the shared log.
//
//     flag  [members]  admitted at:varint  the group's charter
//
// A flag of zero stands for a replica that was invited and knows no members yet. `members` is a
// length and Raft's own coding.

package import Raft
import Wire

package struct Founding: Hashable, Sendable {
    /// The voters of a group that was new everywhere; `joining` for a replica that was invited.
    package var founders: Membership
    /// The commit index of whoever invited it; a dismissal that is older does not count.
    package var admittedAt = LogIndex.zero
    /// Bytes that mean something to the tier alone.
    package var charter: [UInt8]

    package init(founders: Membership, charter: [UInt8], admittedAt: LogIndex = .zero) {
        self.founders = founders
        self.charter = charter
        self.admittedAt = admittedAt
    }

    init(decoding bytes: Span<UInt8>) throws {
        var reader = ByteReader(bytes)
        founders = .joining
        if try reader.readBool() { founders = try Membership(decoding: try reader.readSpan()) }
        admittedAt = LogIndex(try reader.readVarint())
        charter = [UInt8](copying: try reader.readRaw(reader.remaining))
    }

    func encode(into bytes: inout [UInt8]) {
        var writer = ByteWriter(appendingTo: Swift.exchange(&bytes, with: []))
        writer.write(bool: founders != .joining)
        if founders != .joining {
            var members: [UInt8] = []
            founders.encode(into: &members)
            writer.write(bytes: members)
        }
        writer.write(varint: admittedAt.rawValue)
        writer.write(raw: charter.span)
        bytes = writer.finish()
    }
}
