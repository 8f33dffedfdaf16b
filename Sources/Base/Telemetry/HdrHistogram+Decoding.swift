// Histograms read back: from the load generator's interval logs, and from anybody else's. The
// input is not trusted: sizes are checked before memory is taken, and a number that would be read
// under a layout or scale that this type does not have is an error, not a guess.

extension HdrHistogram {
    /// Reads either form of encoding V2; the first word says which one it is.
    package init(decoding bytes: [UInt8]) throws(HistogramError) {
        guard bytes.count >= 8 else { throw .truncated(needed: 8, found: bytes.count) }
        let cookie = UInt32(truncatingIfNeeded: bytes.span.bigEndian(at: 0, count: 4))
        switch cookie {
        case Self.plainCookie: try self.init(plain: bytes)
        case Self.compressedCookie: try self.init(compressed: bytes)
        default: throw .unknownCookie(cookie)
        }
    }

    /// Reads the text form of either encoding.
    package init(base64 text: some StringProtocol) throws(HistogramError) {
        try self.init(decoding: Base64.decode(text))
    }

    private init(plain bytes: [UInt8]) throws(HistogramError) {
        let header = try Header(bytes.span)
        let expected = Self.headerCount + header.payloadCount
        guard bytes.count >= expected else {
            throw .truncated(needed: expected, found: bytes.count)
        }
        guard bytes.count == expected else { throw .trailingBytes(bytes.count - expected) }
        self.init(geometry: header.geometry)
        try readCounters(bytes.span)
    }

    private init(compressed bytes: [UInt8]) throws(HistogramError) {
        let length = Int32(truncatingIfNeeded: bytes.span.bigEndian(at: 4, count: 4))
        guard length >= 0 else { throw .negativeLength(length) }
        let end = 8 + Int(length)
        guard bytes.count >= end else { throw .truncated(needed: end, found: bytes.count) }
        guard bytes.count == end else { throw .trailingBytes(bytes.count - end) }
        let stream = Array(bytes[8...])
        // The header tells how much there is to inflate, so a small input cannot ask for gigabytes.
        let head = try Zlib.inflate(stream, countMax: Self.headerCount)
        let expected = Self.headerCount + (try Header(head.bytes.span)).payloadCount
        let whole = try Zlib.inflate(stream, countMax: expected + 1)
        guard whole.isComplete || whole.bytes.count > expected else {
            throw .truncated(needed: expected, found: whole.bytes.count)
        }
        try self.init(plain: whole.bytes)
    }

    private mutating func readCounters(_ bytes: Span<UInt8>) throws(HistogramError) {
        var offset = Self.headerCount
        var index = 0
        while offset < bytes.count {
            let number = try ZigZagLEB128.read(bytes, at: &offset)
            let step = number < 0 ? number.magnitude : 1
            guard step <= UInt64(counters.count - index) else {
                throw .countsBeyondLayout(countersCount: counters.count)
            }
            if number > 0 {
                guard !count.addingReportingOverflow(number).overflow else { throw .countOverflow }
                add(number, at: index)
            }
            index += Int(step)
        }
    }

    /// The fixed part in front of the counters, checked.
    private struct Header {
        let payloadCount: Int
        let geometry: HistogramGeometry

        init(_ bytes: Span<UInt8>) throws(HistogramError) {
            guard bytes.count >= headerCount else {
                throw .truncated(needed: headerCount, found: bytes.count)
            }
            let cookie = UInt32(truncatingIfNeeded: bytes.bigEndian(at: 0, count: 4))
            guard cookie == plainCookie else { throw .unknownCookie(cookie) }
            let length = Int32(truncatingIfNeeded: bytes.bigEndian(at: 4, count: 4))
            let digits = Int32(truncatingIfNeeded: bytes.bigEndian(at: 12, count: 4))
            let geometry = HistogramGeometry(
                lowestDiscernible: Int64(bitPattern: bytes.bigEndian(at: 16, count: 8)),
                highestTrackable: Int64(bitPattern: bytes.bigEndian(at: 24, count: 8)),
                significantDigits: Int(digits))
            guard let geometry else { throw .unsupportedHeader(.layout) }
            guard length >= 0, length <= geometry.countersCount * ZigZagLEB128.byteCountMax else {
                throw .unsupportedHeader(.payloadLength)
            }
            guard bytes.bigEndian(at: 8, count: 4) == 0 else {
                throw .unsupportedHeader(.normalizingOffset)
            }
            guard bytes.bigEndian(at: 32, count: 8) == (1.0).bitPattern else {
                throw .unsupportedHeader(.conversionRatio)
            }
            payloadCount = Int(length)
            self.geometry = geometry
        }
    }
}

extension Span<UInt8> {
    fileprivate func bigEndian(at offset: Int, count: Int) -> UInt64 {
        (offset..<offset + count).reduce(0) { $0 << 8 | UInt64(self[$1]) }
    }
}
