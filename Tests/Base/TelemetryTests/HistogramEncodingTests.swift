// Encoding V2 against histograms that other implementations wrote, and against damaged input.

import Determinism
import Testing

@testable import Telemetry

@Suite struct HistogramEncodingTests {
    private static let hour: Int64 = 3_600_000_000

    @Test func `the plain form has the published header`() {
        let bytes = HdrHistogram(of: [100, 200, 250], highest: 300).encoded
        let expected: [UInt8] = [
            0x1c, 0x84, 0x93, 0x13,  // cookie V2, 0x10 for its counters
            0, 0, 0, 8,  // payload length
            0, 0, 0, 0,  // normalizing offset
            0, 0, 0, 3,  // significant digits
            0, 0, 0, 0, 0, 0, 0, 1,  // lowest discernible value
            0, 0, 0, 0, 0, 0, 0x01, 0x2c,  // highest trackable value: 300
            0x3f, 0xf0, 0, 0, 0, 0, 0, 0,  // 1.0
            0xc7, 0x01, 0x02,  // 100 zeros, then 1
            0xc5, 0x01, 0x02,  // 99 zeros, then 1
            0x61, 0x02,  // 49 zeros, then 1
        ]
        #expect(bytes == expected)
    }

    @Test func `the compressed form begins as every published log line does`() {
        let histogram = HdrHistogram(of: [100], highest: 300)
        let bytes = histogram.encodedCompressed
        #expect(bytes.prefix(4) == [0x1c, 0x84, 0x93, 0x14])
        #expect(bytes.count == 8 + Int(bytes[7]))
        #expect(bytes[8] == 0x78)  // zlib with a 32 KiB window
        #expect(histogram.base64.hasPrefix("HISTF"))
    }

    @Test func `histograms of other implementations decode to what was recorded`() throws {
        var raw = HdrHistogram(highestTrackable: Self.hour)
        raw.recordClamped(1000, count: 10_000)
        raw.recordClamped(100_000_000)
        var corrected = raw
        for missed in stride(from: 10_000, to: 100_000_000, by: 10_000) as StrideTo<Int64> {
            corrected.recordClamped(missed)
        }
        #expect(try PublishedHistograms.decodeWithHeaderInLength(PublishedHistograms.raw) == raw)
        #expect(
            try PublishedHistograms.decodeWithHeaderInLength(PublishedHistograms.corrected)
                == corrected)
        #expect(corrected.count == 20_000)
        let three = try HdrHistogram(base64: PublishedHistograms.three)
        #expect(three == HdrHistogram(of: [100, 200, 250], highest: 300))
    }

    @Test func `a range that ends on a bucket and a layout without digits decode`() throws {
        let boundary = try HdrHistogram(base64: PublishedHistograms.boundary)
        #expect((boundary.count, boundary.min, boundary.max) == (1, 2048, 2049))
        let zero = try HdrHistogram(base64: PublishedHistograms.zeroDigits)
        #expect((zero.count, zero.min, zero.max) == (1, 64, 127))
        #expect(zero.significantDigits == 0)
    }

    @Test func `what was decoded encodes to the same plain bytes`() throws {
        for text in [
            PublishedHistograms.three, PublishedHistograms.boundary, PublishedHistograms.zeroDigits,
        ] {
            let stream = Array(try Base64.decode(text)[8...])
            let plain = try Zlib.inflate(stream, countMax: 1 << 16)
            #expect(plain.isComplete)
            #expect(try HdrHistogram(base64: text).encoded == plain.bytes)
        }
    }

    @Test func `random histograms of every precision survive both forms`() throws {
        var random = SeededRandom(seed: 3)
        for digits in 1...5 {
            var histogram = HdrHistogram(
                lowestDiscernible: 16, highestTrackable: 1 << 40, significantDigits: digits)
            #expect(try HdrHistogram(decoding: histogram.encoded) == histogram)
            for _ in 0..<500 {
                let value = Int64(bitPattern: random.next() >> UInt64(random.integer(in: 24...63)))
                histogram.recordClamped(value, count: Int64(random.integer(in: 1...1_000_000)))
            }
            #expect(try HdrHistogram(decoding: histogram.encoded) == histogram)
            #expect(try HdrHistogram(decoding: histogram.encodedCompressed) == histogram)
            #expect(try HdrHistogram(base64: histogram.base64) == histogram)
        }
    }

    @Test func `a length that counts the header too is refused, as the Java library does`() {
        #expect(throws: HistogramError.truncated(needed: 89, found: 49)) {
            try HdrHistogram(base64: PublishedHistograms.raw)
        }
    }

    @Test func `no cut of either form decodes`() {
        let histogram = HdrHistogram(of: [100, 200, 250], highest: 300)
        for whole in [histogram.encoded, histogram.encodedCompressed] {
            for count in 0..<whole.count {
                #expect(throws: HistogramError.self) {
                    try HdrHistogram(decoding: Array(whole.prefix(count)))
                }
            }
            #expect(throws: HistogramError.trailingBytes(1)) {
                try HdrHistogram(decoding: whole + [0])
            }
        }
    }

    @Test(
        arguments: [
            (0, 0x1d, .unknownCookie(0x1d84_9313)),
            (3, 0x03, .unknownCookie(0x1c84_9303)),
            (4, 0xff, .unsupportedHeader(.payloadLength)),
            (11, 1, .unsupportedHeader(.normalizingOffset)),
            (15, 6, .unsupportedHeader(.layout)),
            (23, 0, .unsupportedHeader(.layout)),
            (32, 0x40, .unsupportedHeader(.conversionRatio)),
            (40, 0xc9, nil),  // 101 zeros now: 200 has moved to 201, which is legal
            (41, 0x7f, .countsBeyondLayout(countersCount: 2048)),  // 8164 zeros
        ] as [(Int, UInt8, HistogramError?)])
    func `each field is checked`(offset: Int, byte: UInt8, error: HistogramError?) throws {
        var bytes = HdrHistogram(of: [100, 200, 250], highest: 300).encoded
        bytes[offset] = byte
        if let error {
            #expect(throws: error) { try HdrHistogram(decoding: bytes) }
        } else {
            #expect(try HdrHistogram(decoding: bytes).count == 3)
        }
    }

    @Test func `counts that overflow their sum are refused`() {
        var bytes = HdrHistogram(of: [0], highest: 300).encoded
        bytes.removeLast()
        for value: Int64 in [.max, 1] { ZigZagLEB128.append(value, to: &bytes) }
        bytes[7] = 10
        #expect(throws: HistogramError.countOverflow) { try HdrHistogram(decoding: bytes) }
    }

    @Test func `a flipped bit in the compressed stream is noticed or harmless`() throws {
        let histogram = HdrHistogram(of: [100, 200, 250], highest: 300)
        let whole = histogram.encodedCompressed
        var unnoticed = 0
        for bit in 0..<8 * (whole.count - 8) {
            var bytes = whole
            bytes[8 + bit / 8] ^= 1 << UInt8(bit % 8)
            guard let decoded = try? HdrHistogram(decoding: bytes) else { continue }
            #expect(decoded == histogram)
            unnoticed += 1
        }
        // Between the end of the last block and the checksum up to seven bits mean nothing.
        #expect(unnoticed <= 7)
    }

    @Test func `a stream that inflates to more than it says is refused`() {
        let plain = HdrHistogram(of: [100], highest: 300).encoded
        for extra in [1, 1_000_000] {
            let stream = Zlib.deflate(plain + [UInt8](repeating: 0, count: extra))
            let length = stream.count
            let bytes: [UInt8] =
                [0x1c, 0x84, 0x93, 0x14, 0, 0, UInt8(length >> 8), UInt8(length & 0xff)] + stream
            #expect(throws: HistogramError.trailingBytes(1)) { try HdrHistogram(decoding: bytes) }
        }
    }
}
