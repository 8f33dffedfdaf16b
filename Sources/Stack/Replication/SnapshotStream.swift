// A snapshot's way from a leader to a follower that is too far behind: on a connection of its own, so
// that heartbeats are not held up, in chunks, with the checksum of the whole announced first.
//
// The follower writes to a file aside and hands it on only when every byte has arrived and the
// checksum holds; a connection that breaks costs nothing but the time. The leader then tries again.

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

enum SnapshotStream {
    static let chunkBytes = 256 << 10
    /// How long one chunk may take to leave, and the follower to install and answer.
    static let patience = Duration.seconds(10)

    /// Sends a file; true once the follower has taken it.
    @ReactorActor
    static func send(
        _ file: SnapshotFile, offer: SnapshotOffer, hello: PeerHello, on connection: Connection
    ) async throws -> Bool {
        var head: [UInt8] = []
        PeerFrame.hello(hello).encode(into: &head)
        PeerFrame.offer(offer).encode(into: &head)
        connection.send(head)
        let source = try File.open(file.path, .readOnly)
        var offset = 0
        while offset < file.byteCount {
            let chunk = try File.read(source, at: Int64(offset), count: chunkBytes)
            guard !chunk.isEmpty else { return false }
            offset += chunk.count
            connection.send(PeerFrame.chunk(chunk).encoded)
            try await connection.flush(deadline: .now() + patience)
        }
        let deadline = MonotonicTime.now() + patience
        while true {
            if let frame = try connection.take({ bytes in try PeerFrame.parse(bytes) }) {
                return frame == .taken
            }
            guard try await connection.receive(deadline: deadline) else { return false }
        }
    }

    /// Waits for the offer that a snapshot's connection opens with.
    @ReactorActor
    static func offer(on connection: Connection) async throws -> SnapshotOffer? {
        guard case .offer(let offer) = try await next(on: connection) else { return nil }
        return offer
    }

    /// Receives a file under `path`; nil when what came is not what was announced.
    @ReactorActor
    static func receive(
        _ offer: SnapshotOffer, to path: String, on connection: Connection
    ) async throws -> SnapshotFile? {
        guard let descriptor = offer.descriptor else { return nil }
        let target = try File.open(path, [.writeOnly, .create, .truncate])
        var received = 0
        var sum = CRC32C()
        while received < offer.byteCount {
            guard case .chunk(let bytes) = try await next(on: connection), !bytes.isEmpty else {
                return nil
            }
            try File.write(target, bytes.span)
            sum.update(bytes.span)
            received += bytes.count
        }
        guard received == offer.byteCount, sum.value == offer.checksum else { return nil }
        return SnapshotFile(
            path: path, descriptor: descriptor, byteCount: received, checksum: offer.checksum)
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
