// A snapshot's way from a leader to a follower that is too far behind: on a connection of its own, so
// that heartbeats are not held up, in chunks of which each has a checksum, with the checksum of the
// whole announced first. One chunk at a time is in memory on either side.
//
// The follower writes to a file aside and hands it on only when every byte has arrived and the
// checksum holds. When the connection breaks both sides keep what they have; on the next one the
// follower says how much that is and the leader goes on from there.

import Linux
import Raft
import Reactor
import Wire

/// What is said before the bytes.
struct SnapshotOffer: Hashable {
    var group: GroupID
    /// The `installSnapshot` that the follower's core gets once the bytes are there.
    var message: RaftMessage
    var byteCount: Int
    /// CRC-32C of all bytes.
    var checksum: UInt32

    var descriptor: SnapshotDescriptor? {
        guard case .installSnapshot(let descriptor) = message.body else { return nil }
        return descriptor
    }

    init(group: GroupID, message: RaftMessage, byteCount: Int, checksum: UInt32) {
        self.group = group
        self.message = message
        self.byteCount = byteCount
        self.checksum = checksum
    }

    init(decoding bytes: Span<UInt8>) throws {
        var reader = ByteReader(bytes)
        group = GroupID(try reader.readVarint())
        byteCount = Int(clamping: try reader.readU64())
        checksum = try reader.readU32()
        message = try RaftMessage(decoding: try reader.readSpan())
        try reader.expectEnd()
    }

    func encode(into writer: inout ByteWriter) {
        var payload: [UInt8] = []
        message.encode(into: &payload)
        writer.write(varint: group.rawValue)
        writer.write(u64: UInt64(byteCount))
        writer.write(u32: checksum)
        writer.write(bytes: payload)
    }
}

/// What has arrived of a snapshot; kept when the connection breaks, so that the next one goes on.
@ReactorActor
final class PartialSnapshot {
    let offer: SnapshotOffer
    let path: String
    private(set) var byteCount = 0
    private var sum = CRC32C()

    init(_ offer: SnapshotOffer, path: String) throws(SyscallError) {
        self.offer = offer
        self.path = path
        try File.save([], to: path)
    }

    var isComplete: Bool { byteCount >= offer.byteCount }

    /// Whether the same bytes are offered again, by whichever leader and in whichever term.
    func matches(_ other: SnapshotOffer) -> Bool {
        offer.checksum == other.checksum && offer.byteCount == other.byteCount
            && offer.descriptor == other.descriptor
    }

    func append(_ bytes: [UInt8]) throws(SyscallError) {
        let file = try File.open(path, .writeOnly)
        try File.write(file, bytes.span, at: Int64(byteCount))
        sum.update(bytes.span)
        byteCount += bytes.count
    }

    /// The whole file, or nil when it is not what was announced.
    var file: SnapshotFile? {
        guard byteCount == offer.byteCount, sum.value == offer.checksum,
            let descriptor = offer.descriptor
        else { return nil }
        return SnapshotFile(
            path: path, descriptor: descriptor, byteCount: byteCount, checksum: offer.checksum)
    }
}

enum SnapshotStream {
    /// How long one chunk may take to leave, and the follower to install and answer.
    static let patience = Duration.seconds(10)

    /// Sends what the follower lacks of a file; true once it has taken the whole.
    @ReactorActor
    static func send(
        _ file: SnapshotFile, offer: SnapshotOffer, hello: PeerHello, chunkBytes: Int,
        on connection: Connection
    ) async throws -> Bool {
        var head: [UInt8] = []
        PeerFrame.hello(hello).encode(into: &head)
        PeerFrame.offer(offer).encode(into: &head)
        connection.send(head)
        guard case .resume(var offset) = try await next(on: connection),
            offset <= file.byteCount
        else { return false }
        let source = try File.open(file.path, .readOnly)
        while offset < file.byteCount {
            let chunk = try File.read(source, at: Int64(offset), count: chunkBytes)
            guard !chunk.isEmpty else { return false }
            offset += chunk.count
            connection.send(PeerFrame.chunk(chunk).encoded)
            try await connection.flush(deadline: .now() + patience)
            await Task.yield()  // One chunk a turn: neither socket nor file ever makes us wait.
        }
        return try await next(on: connection) == .taken
    }

    /// Waits for the offer that a snapshot's connection opens with.
    @ReactorActor
    static func offer(on connection: Connection) async throws -> SnapshotOffer? {
        guard case .offer(let offer) = try await next(on: connection) else { return nil }
        return offer
    }

    /// Asks for what is missing and adds it; true once nothing is.
    @ReactorActor
    static func receive(
        into partial: PartialSnapshot, on connection: Connection
    ) async throws -> Bool {
        connection.send(PeerFrame.resume(partial.byteCount).encoded)
        while !partial.isComplete {
            guard case .chunk(let bytes) = try await next(on: connection), !bytes.isEmpty else {
                return false
            }
            try partial.append(bytes)
            await Task.yield()
        }
        return true
    }

    @ReactorActor
    private static func next(on connection: Connection) async throws -> PeerFrame? {
        let deadline = MonotonicTime.now() + patience
        while true {
            if let frame = try connection.take({ bytes in try PeerFrame.parse(bytes) }) {
                return frame
            }
            guard try await connection.receive(deadline: deadline) else { return nil }
        }
    }
}
