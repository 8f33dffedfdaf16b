// Rows on their way from one shard to another: keys with their values and versions, and what is known
// of requests, so that a retry after the merge is still known for one. Tables are walked from the
// highest row downwards, as much in one go as makes a reasonable entry of a log; then come rows that
// were changed after the walk had passed them, ChangedRows.swift.
//
//     count:varint  key value version:varint ...     rows
//     count:varint  key ...                          keys that are gone since
//     count:varint  name reply ...                   requests
//     count:varint  client session ...               sessions

package import Wire

package struct MergeChunk: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package let key: [UInt8]
        package let value: [UInt8]
        package let version: UInt64
    }

    package var rows: [Row] = []
    package var removed: [[UInt8]] = []
    /// As the tables have them, see RequestTable.swift.
    package var requests: [KeyValue] = []
    package var sessions: [KeyValue] = []

    /// One value may have half a MiB, so one row always fits.
    static let byteCountMax = 128 << 10

    package init() {}

    var isEmpty: Bool {
        rows.isEmpty && removed.isEmpty && requests.isEmpty && sessions.isEmpty
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: rows.count)
        for row in rows {
            writer.write(bytes: row.key)
            writer.write(bytes: row.value)
            writer.write(varint: row.version)
        }
        writer.write(count: removed.count)
        for key in removed { writer.write(bytes: key) }
        for table in [requests, sessions] {
            writer.write(count: table.count)
            for pair in table {
                writer.write(bytes: pair.key)
                writer.write(bytes: pair.value)
            }
        }
    }

    package init(decoding reader: inout ByteReader) throws(ByteReaderError) {
        for _ in 0..<(try reader.readCount()) {
            rows.append(
                Row(
                    key: try reader.readBytes(), value: try reader.readBytes(),
                    version: try reader.readVarint()))
        }
        for _ in 0..<(try reader.readCount()) { removed.append(try reader.readBytes()) }
        requests = try Self.readPairs(&reader)
        sessions = try Self.readPairs(&reader)
    }

    private static func readPairs(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> [KeyValue] {
        var pairs: [KeyValue] = []
        for _ in 0..<(try reader.readCount()) {
            pairs.append(KeyValue(key: try reader.readBytes(), value: try reader.readBytes()))
        }
        return pairs
    }
}

/// How far a walk over a shard's tables has come.
struct MergeCursor: Hashable {
    /// Sessions are walked over by themselves: what each has forgotten changes with every request,
    /// and they are few, so they come after the freeze.
    enum Table: UInt8 {
        case data, requests, sessions

        var next: Table? { self == .data ? .requests : nil }
    }

    var table = Table.data
    /// The last key that was taken; nil: from the top.
    var below: [UInt8]?

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u8: table.rawValue)
        writer.write(bool: below != nil)
        if let below { writer.write(bytes: below) }
        return writer.finish()
    }

    init(_ table: Table = .data) { self.table = table }

    init?(decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        guard let tag = try? reader.readU8(), let table = Table(rawValue: tag),
            let isInside = try? reader.readBool()
        else { return nil }
        self.table = table
        if isInside {
            guard let key = try? reader.readBytes() else { return nil }
            below = key
        }
        guard (try? reader.expectEnd()) != nil else { return nil }
    }
}

extension KeyValueState {
    /// The next rows of a shard; the cursor moves on and is nil at the end.
    func chunk(at cursor: inout MergeCursor?) throws(StateError) -> MergeChunk {
        var chunk = MergeChunk()
        guard let place = cursor else { return chunk }
        let transaction = try transaction()
        var next = place
        var byteCount = 0
        switch place.table {
        case .data:
            try data(transaction).descend(below: place.below) { key, found in
                next.below = key
                if ownership.owns(key) {
                    chunk.rows.append(
                        .init(key: key, value: found.value, version: found.version))
                }
                byteCount += key.count + found.value.count
                return byteCount < MergeChunk.byteCountMax
            }
        case .requests:
            chunk.requests = try pairs(
                of: tables.requests, &next, &byteCount, transaction)
        case .sessions:
            chunk.sessions = try pairs(
                of: tables.sessions, &next, &byteCount, transaction)
        }
        let isWhole = byteCount < MergeChunk.byteCountMax
        cursor = isWhole ? place.table.next.map { MergeCursor($0) } : next
        return chunk
    }

    private func pairs(
        of table: LMDBTable, _ cursor: inout MergeCursor, _ byteCount: inout Int,
        _ transaction: LMDBTransaction
    ) throws(StateError) -> [KeyValue] {
        var pairs: [KeyValue] = []
        var count = 0
        try transaction.descend(table, below: cursor.below) { pair in
            pairs.append(pair)
            count += pair.key.count + pair.value.count
            return count < MergeChunk.byteCountMax
        }
        cursor.below = pairs.last?.key ?? cursor.below
        byteCount = count
        return pairs
    }
}
