// A backup of one shard: a copy of its state as of one entry, in one file, with a trailer that says
// what it is and shows any damage.
//
//      state (an LMDB file)    "FLBACKUP"  format:u32  shard:u64  index:u64  term:u64
//                              bytes of the state:u64  crc32c of the state:u32  crc32c of the above:u32
//
// What a restore brings back is keys and values. They come in through the log, as new writes, so that
// all replicas have them and nothing has to be stopped: their versions are new, and the sessions of
// former clients are expired. Backups of several shards are of several moments.

import Linux
import Wire

/// What a backup's trailer says.
struct BackupFile: Equatable {
    static let format: UInt32 = 1
    static let trailerByteCount = 52
    private static let magic = Array("FLBACKUP".utf8)

    let shard: UInt64
    let index: UInt64
    let term: UInt64
    let byteCount: UInt64
    let checksum: UInt32

    private var trailer: [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: Self.magic.span)
        writer.write(u32: Self.format)
        for number in [shard, index, term, byteCount] { writer.write(u64: number) }
        writer.write(u32: checksum)
        var sum = CRC32C()
        sum.update(writer.bytes.span)
        writer.write(u32: sum.value)
        return writer.finish()
    }

    private init?(trailer: [UInt8]) {
        guard trailer.count == Self.trailerByteCount,
            trailer.starts(with: Self.magic)
        else { return nil }
        var sum = CRC32C()
        sum.update(Array(trailer.dropLast(4)).span)
        var reader = ByteReader(Array(trailer.dropFirst(8)).span)
        do throws(ByteReaderError) {
            guard try reader.readU32() == Self.format else { return nil }
            shard = try reader.readU64()
            index = try reader.readU64()
            term = try reader.readU64()
            byteCount = try reader.readU64()
            checksum = try reader.readU32()
            guard try reader.readU32() == sum.value else { return nil }
        } catch {
            return nil
        }
    }

    init(shard: UInt64, _ file: SnapshotCopy) {
        self.shard = shard
        index = file.index
        term = file.term
        byteCount = UInt64(file.byteCount)
        checksum = file.checksum
    }

    /// A finished copy of the state.
    struct SnapshotCopy: Sendable {
        let path: String
        let index: UInt64
        let term: UInt64
        let byteCount: Int
        let checksum: UInt32
    }

    /// Turns a copy of the state into a backup under its final name; blocks for the disk.
    static func seal(
        _ copy: SnapshotCopy, shard: UInt64, as path: String
    ) throws(StateError) -> BackupFile {
        let backup = BackupFile(shard: shard, copy)
        try system { () throws(SyscallError) in
            let file = try File.open(copy.path, .readWrite)
            try File.write(file, backup.trailer.span, at: Int64(copy.byteCount))
            try File.sync(file)
            try File.rename(copy.path, to: path)
            try File.syncDirectory(File.folder(of: path))
        }
        return backup
    }

    /// Reads the trailer and all of the state; a file that is not whole is refused.
    static func check(_ path: String) throws(StateError) -> BackupFile {
        let found = try system { () throws(SyscallError) -> (BackupFile?, UInt32) in
            let file = try File.open(path, .readOnly)
            let size = try File.size(file)
            guard size >= Int64(trailerByteCount) else { return (nil, 0) }
            let end = size - Int64(trailerByteCount)
            let backup = BackupFile(
                trailer: try File.read(file, at: end, count: trailerByteCount))
            guard let backup, backup.byteCount == UInt64(end) else { return (nil, 0) }
            var sum = CRC32C()
            var offset: Int64 = 0
            while offset < end {
                let count = Int(min(end - offset, 1 << 20))
                let bytes = try File.read(file, at: offset, count: count)
                if bytes.isEmpty { return (nil, 0) }
                sum.update(bytes.span)
                offset += Int64(bytes.count)
            }
            return (backup, sum.value)
        }
        guard let backup = found.0, backup.checksum == found.1 else { throw .damaged(path: path) }
        return backup
    }
}

/// The keys of a backup, a batch at a time.
struct BackupReader {
    private let environment: LMDBEnvironment
    private let transaction: LMDBTransaction
    private let table: LMDBTable
    private var bound: [UInt8]?

    /// Opens a file that was checked.
    init(_ path: String, mapSize: Int) throws(StateError) {
        environment = try LMDBEnvironment(path: path, mapSize: mapSize, isReadOnly: true)
        transaction = try environment.begin(isReadOnly: true)
        table = try StateTables(transaction, creating: false).data
    }

    /// As many pairs as one transaction may write; none at the end.
    mutating func next() throws(StateError) -> [KeyValue] {
        var batch: [KeyValue] = []
        var byteCount = 0
        let rows = DataTable(table: table, transaction: transaction, path: environment.path)
        try rows.descend(below: bound) { key, found in
            byteCount += key.count + found.value.count
            guard batch.count < Transaction.operationsMax, byteCount <= Transaction.byteCountMax
            else { return false }
            batch.append(KeyValue(key: key, value: found.value))
            return true
        }
        bound = batch.last?.key
        return batch
    }
}
