// Histograms encoded by other implementations, as facts to decode against. Each is a test vector
// published in the repository named beside it.

@testable import Telemetry

/// Encoded texts with what their authors recorded in them.
enum PublishedHistograms {
    /// HdrHistogram_py test/test_hdrhistogram.py, made by HdrHistogram_c: 1 to 3.6e9 at 3 digits,
    /// 1000 recorded 10,000 times and 100,000,000 once. This early encoder counted the header's
    /// 40 bytes into the payload length.
    static let raw = "HISTFAAAACl4nJNpmSzMwMBgyAABzFCaEURcm7yEwf4DROA8/4I5jNM7mJgAlWkH9g=="

    /// The same source: the above with back-filled values 10,000 apart below 100,000,000.
    static let corrected =
        "HISTFAAAAP94nJNpmSzMwCByigECmKE0I4i4NnkJg/0HiMB5/gVzGD8aM/3lZ7rPyTSbjektC9N7Fqa"
        + "HzEzbmZi2whCEvZKRaSYj02wwiYng4tFM3lDoC2dhhwh5UyZlJlUMjClCmgpMEUUmQSZ+IBZEojFFCM"
        + "vQRwUxenmZ2MGQFUqz4+CTo4I2pg4dFdQylZWJkYkZCaPyMEUIydPLjMHrssFixuB12XD0HRAwMsFJg"
        + "kwilZHJHHKmjzp41MFDOjhYmFiQEUEmMWqGsvKBd8Fwd/Co/waTC9jYOMAIiSJRhLbKh5x9Q87Bo/YN"
        + "bfsoM4CPhw+IIJAkxnDXN+QcTIpyAPnGh6k="

    /// HdrHistogram_vala tests: 100, 200 and 250 recorded in 1 to 300 at 3 digits.
    static let three = "HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H+AsI4zMh1lZEpkAgBdIQSk"

    /// hdrhistogram-go tests, from Java and C alike: 2048 recorded in 1 to 2048 at 3 digits.
    static let boundary = "HISTFAAAACB4nJNpmSzMwMDAzAABMJoRQnEw2H+AsP7LMwEARZgDpQ=="

    /// hdrhistogram-go tests, from Java: 100 recorded in 1 to 1000 at 0 digits.
    static let zeroDigits = "HISTFAAAAB14nJNpmSzMwMDAxIAKGCEU8wv7DxAWLxMASToDcw=="

    /// Lines 1 to 5 of HdrHistogram's test resource jHiccup-2.0.7S.logV2.hlog.
    static let hiccupLog = """
        #[Logged with jHiccup version 2.0.7-SNAPSHOT]
        #[Histogram log format version 1.2]
        #[StartTime: 1441753532.570 (seconds since epoch), Tue Sep 08 16:05:32 PDT 2015]
        "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
        0.126,1.007,1.933,HISTFAAAAEB42pNpmSzMwMAgywABTBDKT4GBgdnNYMcCBvsPEBEjDT0FMTUxMT05LgEhPqmIeWxtTAKMTNxM6xmZmAAjcgjc

        """

    /// Decodes what the early encoder wrote, with the length put right.
    static func decodeWithHeaderInLength(_ text: String) throws -> HdrHistogram {
        let stream = Array(try Base64.decode(text)[8...])
        var plain = try Zlib.inflate(stream, countMax: 1 << 16).bytes
        let length = plain.count - HdrHistogram.headerCount
        plain.replaceSubrange(4..<8, with: [0, 0, UInt8(length >> 8), UInt8(length & 0xff)])
        return try HdrHistogram(decoding: plain)
    }
}
