// What hosts say to each other on a connection, one frame each. All groups that two hosts share go
// over one connection; each message says which group it is for.
//
// The side that dials speaks: a hello, then messages and pings. The side that accepted answers only
// with "alive", at most every 50 ms and only while bytes arrive. That is how the dialler tells a
// peer that reads from one whose packets vanish: TCP itself would notice after many seconds, and
// after a long outage its next retransmission may be as far away again.
//
//     hello    u8 purpose  u64 cluster   u64 from   u64 to
//     message  the group   a Raft message, as RaftMessage+Coding.swift draws it
//     ping, alive   (nothing)
//     absent   the group: "you speak of one that I have no replica of"
//     invite   the group   a commit index (varint)   the charter: "you are a member, take part"
//     gossip   bytes of the tier's own
//     dismiss  the group   a commit index (varint): "as of there you are no member any more"
//
// A snapshot has a connection of its own, see SnapshotStream.swift:
//
//     offer    the group   u64 bytes   u32 crc32c   the message (length in front)
//     resume   u64 offset: the follower has that much already
//     chunk    bytes of the file
//     taken    (nothing): the follower's answer
//
// A group is a varint.

import Raft
import Wire

enum PeerFrame: Equatable {
    case hello(PeerHello)
    case message(GroupID, RaftMessage)
    case ping
    case alive
    case absent(GroupID)
    case invite(GroupID, LogIndex, charter: [UInt8])
    case dismiss(GroupID, LogIndex)
    case gossip([UInt8])
    case offer(SnapshotOffer)
    case resume(Int)
    case chunk([UInt8])
    case taken

    /// Frames above this are refused: an append holds one command at most beyond its own limit.
    static let payloadBytesMax = 8 << 20

    private enum Kind: UInt8 {
        case hello = 1
        case message = 2
        case ping = 3
        case alive = 4
        case offer = 5
        case chunk = 6
        case taken = 7
        case absent = 8
        case invite = 9
        case dismiss = 10
        case resume = 11
        case gossip = 12
    }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .hello(let hello): Self.append(.hello, to: &bytes) { hello.encode(into: &$0) }
        case .message(let group, let message):
            Self.append(.message, to: &bytes) {
                $0.write(varint: group.rawValue)
                // Taken out of the writer, or appending would copy what is there.
                var behind = Swift.exchange(&$0, with: ByteWriter()).finish()
                message.encode(into: &behind)
                $0 = ByteWriter(appendingTo: behind)
            }
        case .ping: Self.append(.ping, to: &bytes) { _ in }
        case .alive: Self.append(.alive, to: &bytes) { _ in }
        case .offer(let offer): Self.append(.offer, to: &bytes) { offer.encode(into: &$0) }
        case .chunk(let chunk): Self.append(.chunk, to: &bytes) { $0.write(raw: chunk.span) }
        case .taken: Self.append(.taken, to: &bytes) { _ in }
        case .gossip(let news): Self.append(.gossip, to: &bytes) { $0.write(raw: news.span) }
        case .absent(let group):
            Self.append(.absent, to: &bytes) { $0.write(varint: group.rawValue) }
        case .invite(let group, let index, let charter):
            Self.append(.invite, to: &bytes) {
                $0.write(varint: group.rawValue)
                $0.write(varint: index.rawValue)
                $0.write(raw: charter.span)
            }
        case .dismiss(let group, let index):
            Self.append(.dismiss, to: &bytes) {
                $0.write(varint: group.rawValue)
                $0.write(varint: index.rawValue)
            }
        case .resume(let offset):
            Self.append(.resume, to: &bytes) { $0.write(u64: UInt64(offset)) }
        }
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    /// Reads one from the front; nil while it is incomplete.
    static func parse(_ bytes: Span<UInt8>) throws(PeerError) -> (PeerFrame, Int)? {
        do {
            let parsed = try Frame.parse(bytes, payloadBytesMax: payloadBytesMax)
            guard let (frame, consumed) = parsed else { return nil }
            return (try PeerFrame(frame), consumed)
        } catch let error as PeerError {
            throw error
        } catch {
            throw .malformed
        }
    }

    private init(_ frame: Frame) throws(PeerError) {
        guard let kind = Kind(rawValue: frame.kind) else { throw .unknownKind(frame.kind) }
        do {
            self = try PeerFrame(kind, frame.payload)
        } catch {
            throw .malformed
        }
    }

    private init(_ kind: Kind, _ payload: [UInt8]) throws {
        var reader = ByteReader(payload.span)
        switch kind {
        case .hello: self = .hello(try PeerHello(decoding: payload.span))
        case .offer: self = .offer(try SnapshotOffer(decoding: payload.span))
        case .ping: self = .ping
        case .alive: self = .alive
        case .taken: self = .taken
        case .chunk: self = .chunk(payload)
        case .gossip: self = .gossip(payload)
        case .resume:
            self = .resume(Int(clamping: try reader.readU64()))
        case .message:
            let group = GroupID(try reader.readVarint())
            let rest = try reader.readRaw(reader.remaining)
            self = .message(group, try RaftMessage(decoding: rest))
        case .absent: self = .absent(GroupID(try reader.readVarint()))
        case .invite:
            let group = GroupID(try reader.readVarint())
            let index = LogIndex(try reader.readVarint())
            let rest = try reader.readRaw(reader.remaining)
            self = .invite(group, index, charter: [UInt8](copying: rest))
        case .dismiss:
            let group = GroupID(try reader.readVarint())
            self = .dismiss(group, LogIndex(try reader.readVarint()))
        }
    }

    private static func append(
        _ kind: Kind, to bytes: inout [UInt8], _ payload: (inout ByteWriter) -> Void
    ) {
        Frame.encode(kind: kind.rawValue, into: &bytes, payload: payload)
    }
}

/// Who dials whom; a connection between the wrong two is closed.
struct PeerHello: Hashable {
    enum Purpose: UInt8 {
        case messages = 1
        case snapshot = 2
    }

    var purpose: Purpose
    /// Hosts of different clusters have nothing to say to each other, whatever their numbers.
    var cluster: UInt64
    var from: NodeID
    var to: NodeID

    init(purpose: Purpose = .messages, cluster: UInt64, from: NodeID, to: NodeID) {
        self.purpose = purpose
        self.cluster = cluster
        self.from = from
        self.to = to
    }

    init(decoding bytes: Span<UInt8>) throws(ByteReaderError) {
        var reader = ByteReader(bytes)
        let tag = try reader.readU8()
        guard let purpose = Purpose(rawValue: tag) else {
            throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
        self.purpose = purpose
        cluster = try reader.readU64()
        from = NodeID(try reader.readU64())
        to = NodeID(try reader.readU64())
        try reader.expectEnd()
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(u8: purpose.rawValue)
        writer.write(u64: cluster)
        writer.write(u64: from.rawValue)
        writer.write(u64: to.rawValue)
    }
}

/// Why a connection between replicas is given up.
enum PeerError: Error, Equatable {
    /// The bytes are no frame, or the frame does not hold what its kind says.
    case malformed
    case unknownKind(UInt8)
    /// The first frame is no hello, or one for somebody else.
    case notForMe
}
