// The first bytes of a segment file and the file's name.
//
//      0                 6         8                 16      20       24
//      +-----------------+---------+-----------------+-------+--------+
//      | F L J R N L     | version | first index     | salt  | crc32c |
//      +-----------------+---------+-----------------+-------+--------+
//
// The header is synced, and so is the folder that names the file, before the first record is
// written. So a header that does not check out, with nothing behind it, is a creation that was cut
// short; with something behind it, it is damage.

import Wire

struct SegmentHeader: Equatable {
    static let size = 24
    static let version: UInt16 = 1
    static let magic: [UInt8] = Array("FLJRNL".utf8)

    let version: UInt16
    let firstIndex: UInt64
    let salt: UInt32

    init(firstIndex: UInt64, salt: UInt32) {
        self.version = Self.version
        self.firstIndex = firstIndex
        self.salt = salt
    }

    /// Nil unless all of a header is there and its checksum holds; the version may be another.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.size else { return nil }
        for (place, byte) in Self.magic.enumerated() where bytes[place] != byte { return nil }
        let sum = CRC32C.checksum(bytes.extracting(0..<20))
        guard bytes.integer(at: 20, as: UInt32.self) == sum else { return nil }
        version = bytes.integer(at: 6, as: UInt16.self)
        firstIndex = bytes.integer(at: 8, as: UInt64.self)
        salt = bytes.integer(at: 16, as: UInt32.self)
    }

    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: version)
        bytes.append(littleEndian: firstIndex)
        bytes.append(littleEndian: salt)
        bytes.append(littleEndian: CRC32C.checksum(bytes.span))
        return bytes
    }
}

/// Names of segment files: the first index in 20 decimal digits, so that names sort as indices do.
enum SegmentName {
    private static let suffix = ".segment"

    static func name(firstIndex: UInt64) -> String {
        let digits = String(firstIndex)
        return String(repeating: "0", count: 20 - digits.count) + digits + suffix
    }

    static func firstIndex(of name: String) -> UInt64? {
        guard name.hasSuffix(suffix), name.utf8.count == 20 + suffix.utf8.count else { return nil }
        return UInt64(name.dropLast(suffix.count))
    }
}
