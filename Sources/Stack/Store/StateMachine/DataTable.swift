// Keys, their values and the version of each: the log index of the last write, eight bytes,
// little-endian, in front of the value.

import Wire

/// A value and the log index of the write that left it.
package struct VersionedValue: Hashable, Sendable {
    package let value: [UInt8]
    package let version: UInt64

    package init(value: [UInt8], version: UInt64) {
        self.value = value
        self.version = version
    }

    fileprivate var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u64: version)
        writer.write(raw: value.span)
        return writer.finish()
    }

    fileprivate init?(decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        guard let version = try? reader.readU64() else { return nil }
        self.init(value: Array(bytes.dropFirst(8)), version: version)
    }
}

/// The keys of one open transaction.
struct DataTable {
    let table: LMDBTable
    let transaction: LMDBTransaction
    /// Named in errors.
    let path: String
    /// Told of every key that is written.
    var changed: ChangedRows?

    func value(of key: [UInt8]) throws(StateError) -> VersionedValue? {
        guard let bytes = try transaction.value(of: key, in: table) else { return nil }
        guard let found = VersionedValue(decoding: bytes) else { throw .damaged(path: path) }
        return found
    }

    func put(_ value: [UInt8], for key: [UInt8], version: UInt64) throws(StateError) {
        changed?.note(.key(key))
        let row = VersionedValue(value: value, version: version)
        try transaction.put(row.encoded, for: key, in: table)
    }

    /// False when the key was not there.
    @discardableResult
    func delete(_ key: [UInt8]) throws(StateError) -> Bool {
        changed?.note(.key(key))
        return try transaction.delete(key, in: table)
    }

    /// Visits pairs whose key is below `bound`, from the highest downwards, while `visit` says so.
    func descend(
        below bound: [UInt8]?, _ visit: (_ key: [UInt8], _ found: VersionedValue) -> Bool
    ) throws(StateError) {
        var isIntact = true
        try transaction.descend(table, below: bound) { pair in
            guard let found = VersionedValue(decoding: pair.value) else {
                isIntact = false
                return false
            }
            return visit(pair.key, found)
        }
        guard isIntact else { throw .damaged(path: path) }
    }
}
