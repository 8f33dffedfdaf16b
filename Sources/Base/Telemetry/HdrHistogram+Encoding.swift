// The histogram as bytes, in encoding V2 of the HdrHistogram library. All numbers are big endian.
//
//     offset  0  u32  cookie 0x1c849303 | 0x10
//             4  i32  length of the payload in bytes
//             8  i32  normalizing offset: 0
//            12  i32  significant digits
//            16  i64  lowest discernible value
//            24  i64  highest trackable value
//            32  f64  conversion ratio to floating point values: 1.0
//            40       counters from index 0 to the last one in use, each as ZigZag LEB128;
//                     a run of n > 1 zeros is the one number -n
//
// The compressed form wraps all of this: u32 cookie 0x1c849304 | 0x10, i32 length, zlib stream.
// Logs carry it in Base64, where every such text begins with HISTF.
//
// Fact: HdrHistogram, AbstractHistogram.encodeIntoByteBuffer and fillBufferFromCountsArray.

extension HdrHistogram {
    static let plainCookie: UInt32 = 0x1c84_9303 | 0x10
    static let compressedCookie: UInt32 = 0x1c84_9304 | 0x10
    static let headerCount = 40

    /// Encoding V2, not compressed.
    package var encoded: [UInt8] {
        let payload = encodedCounters
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerCount + payload.count)
        bytes.appendBigEndian(Self.plainCookie)
        bytes.appendBigEndian(Int32(payload.count))
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(Int32(geometry.significantDigits))
        bytes.appendBigEndian(geometry.lowestDiscernible)
        bytes.appendBigEndian(geometry.highestTrackable)
        bytes.appendBigEndian((1.0).bitPattern)
        bytes += payload
        return bytes
    }

    /// Encoding V2, compressed by zlib.
    package var encodedCompressed: [UInt8] {
        let stream = Zlib.deflate(encoded)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + stream.count)
        bytes.appendBigEndian(Self.compressedCookie)
        bytes.appendBigEndian(Int32(stream.count))
        bytes += stream
        return bytes
    }

    /// The compressed form as text, as it stands in interval logs.
    package var base64: String {
        Base64.encode(encodedCompressed)
    }

    /// An empty histogram still encodes its first counter, as the library does.
    private var encodedCounters: [UInt8] {
        let end = Swift.max(usedIndexes.upperBound, 1)
        var bytes: [UInt8] = []
        var index = 0
        while index < end {
            let zeros = counters[index..<end].prefix { $0 == 0 }.count
            ZigZagLEB128.append(zeros > 1 ? -Int64(zeros) : counters[index], to: &bytes)
            index += Swift.max(zeros, 1)
        }
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
