// The bytes of a partition on the disk, and on their way to another replica:
//
//     [crc32c u32 of the rest][length varint, the snapshot's descriptor][partition]

import Linux
import Raft
import Replication
import Wire

/// Why a partition's file cannot be used.
enum PartitionStateError: Error, Sendable, CustomStringConvertible {
    case system(SyscallError)
    /// The checksum does not hold.
    case damaged(path: String)
    /// The checksum holds, but the bytes are those of another build.
    case unreadable(path: String, ByteReaderError)
    case descriptor(path: String, RaftCodingError)
    /// The file is of another partition, or of a queue with another number of them.
    case foreign(path: String)

    var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .damaged(let path): "\(path) is damaged"
        case .unreadable(let path, let error):
            "\(path) is not readable: \(error.reason) at byte \(error.offset)"
        case .descriptor(let path, let error): "\(path) does not say what it holds: \(error)"
        case .foreign(let path): "\(path) is of another partition"
        }
    }
}

struct PartitionFile: Sendable {
    let partition: Partition
    let descriptor: SnapshotDescriptor
    let byteCount: Int
    /// CRC-32C of all bytes, the file's own checksum included.
    let checksum: UInt32

    /// Writes a file that takes the place of the one before, whole or not at all.
    static func write(
        _ partition: Partition, _ descriptor: SnapshotDescriptor, to path: String
    ) throws(PartitionStateError) -> SnapshotFile {
        var description: [UInt8] = []
        descriptor.encode(into: &description)
        var writer = ByteWriter()
        writer.write(u32: 0)
        writer.write(bytes: description)
        partition.write(to: &writer)
        writer.patch(u32: CRC32C.checksum(writer.bytes.span.extracting(4...)), at: 0)
        let bytes = writer.finish()
        do {
            try File.replace(path, with: bytes)
        } catch {
            throw .system(error)
        }
        return SnapshotFile(
            path: path, descriptor: descriptor, byteCount: bytes.count,
            checksum: CRC32C.checksum(bytes.span))
    }

    static func read(_ path: String) throws(PartitionStateError) -> PartitionFile {
        let bytes: [UInt8]
        do {
            bytes = try File.contents(of: path)
        } catch {
            throw .system(error)
        }
        guard isWhole(bytes) else { throw .damaged(path: path) }
        let description: [UInt8]
        let partition: Partition
        do throws(ByteReaderError) {
            var reader = ByteReader(bytes.span.extracting(4...))
            description = try reader.readBytes()
            partition = try Partition(snapshot: try reader.readRaw(reader.remaining))
        } catch {
            throw .unreadable(path: path, error)
        }
        do throws(RaftCodingError) {
            return PartitionFile(
                partition: partition,
                descriptor: try SnapshotDescriptor(decoding: description.span),
                byteCount: bytes.count, checksum: CRC32C.checksum(bytes.span))
        } catch {
            throw .descriptor(path: path, error)
        }
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        var reader = ByteReader(bytes.span)
        guard let sum = try? reader.readU32() else { return false }
        return sum == CRC32C.checksum(bytes.span.extracting(4...))
    }

    /// Puts a file in the place of another, whole and durable.
    static func move(_ source: String, to path: String) throws(PartitionStateError) {
        do {
            try File.sync(try File.open(source, [.readOnly]))
            try File.rename(source, to: path)
            try File.syncDirectory(File.folder(of: path))
        } catch {
            throw .system(error)
        }
    }
}
