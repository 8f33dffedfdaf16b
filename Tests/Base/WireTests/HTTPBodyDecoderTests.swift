// Content in whatever pieces it comes: each body whole, byte by byte, and cut in every way into
// three. Sections are of RFC 9112.

import Testing
import Wire

@Suite struct HTTPBodyDecoderTests {
    /// Feeds the pieces and gives the content, the bytes taken and whether the end was seen.
    static func decode(
        _ pieces: [[UInt8]], as length: HTTPBodyLength, limits: HTTPLimits = .standard
    ) throws -> (content: [UInt8], consumed: Int, done: Bool) {
        var decoder = HTTPBodyDecoder(length, limits: limits)
        var content: [UInt8] = []
        var consumed = 0
        for piece in pieces {
            let taken = try decoder.consume(piece.span, into: &content)
            #expect(taken.done == decoder.isDone)
            #expect(taken.consumed == piece.count || taken.done)
            consumed += taken.consumed
        }
        return (content, consumed, decoder.isDone)
    }

    static let bodies: [(String, HTTPBodyLength, String)] = [
        ("hello", .count(5), "hello"),
        ("0\r\n\r\n", .chunked, ""),
        ("5\r\nhello\r\n0\r\n\r\n", .chunked, "hello"),
        ("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", .chunked, "hello"),
        ("A\r\n0123456789\r\n0\r\n\r\n", .chunked, "0123456789"),
        ("0a\r\n01234\r\n789\r\n000\r\n\r\n", .chunked, "01234\r\n789"),
        ("2;x=\"y\";z\r\nhi\r\n0 ;q\r\n\r\n", .chunked, "hi"),  // section 7.1.1
        ("2\r\nhi\r\n0\r\nSum: 1\r\nB:\r\n\r\n", .chunked, "hi"),  // section 7.1.2
    ]

    @Test(arguments: bodies)
    func `a body is the same however it is cut`(
        text: String, length: HTTPBodyLength, expected: String
    ) throws {
        let bytes = text.bytes
        let next = "GET".bytes
        for pieces in [[bytes], singleBytes(of: bytes), [bytes + next]] + splits(of: bytes) {
            let decoded = try Self.decode(pieces, as: length)
            #expect(decoded.content == expected.bytes)
            #expect(decoded.consumed == bytes.count)
            #expect(decoded.done)
        }
        for prefix in properPrefixes(of: bytes) {
            #expect(try !Self.decode([prefix], as: length).done)
        }
    }

    @Test(arguments: [HTTPBodyLength.none, .count(0)])
    func `no content takes nothing`(length: HTTPBodyLength) throws {
        let decoded = try Self.decode(["GET".bytes], as: length)
        #expect(decoded.consumed == 0)
        #expect(decoded.done)
    }

    static let refused: [(String, HTTPError.Reason)] = [
        ("\r\n", .malformedChunk),
        (";x\r\n", .malformedChunk),
        ("g\r\n", .malformedChunk),
        ("0x5\r\n", .malformedChunk),
        ("-1\r\n", .malformedChunk),
        (" 5\r\n", .malformedChunk),
        ("5\nhello\n", .malformedChunk),  // section 2.2: a bare line feed
        ("5\rhello", .malformedChunk),
        ("5;a\nb\r\n", .malformedChunk),  // one peer would end the line here, another not
        ("5\r\nhello!\r\n", .malformedChunk),
        ("5\r\nhello\n", .malformedChunk),
        ("5\r\nhell\r\n0\r\n\r\n", .malformedChunk),
        ("0000000000000001\r\n", .malformedChunk),  // sixteen digits
        ("fffffffffffffff\r\n", .bodyTooLarge(bytesMax: 16_777_216)),
        ("0\r\n\n", .malformedFieldName),
        ("0\r\n A: b\r\n\r\n", .foldedField),
        ("0\r\nA: b\r\n c\r\n\r\n", .foldedField),
        ("0\r\nA b\r\n\r\n", .malformedFieldName),
        ("0\r\nA\r\n\r\n", .malformedChunk),
        ("0\r\nA: b\n\r\n", .malformedChunk),
        ("0\r\n\rX", .malformedChunk),
    ]

    @Test(arguments: refused)
    func `a malformed chunk is refused however it is cut`(
        text: String, reason: HTTPError.Reason
    ) throws {
        for pieces in [[text.bytes], singleBytes(of: text.bytes)] + splits(of: text.bytes) {
            let error = try #require(throws: HTTPError.self) {
                try Self.decode(pieces, as: .chunked)
            }
            #expect(error.reason == reason)
        }
    }

    static let limited: [(String, HTTPBodyLength, Bool)] = [
        ("12345678", .count(8), true),
        ("123456789", .count(9), false),
        ("4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n", .chunked, true),
        ("4\r\n1234\r\n5\r\n", .chunked, false),  // refused before the bytes arrive
        ("12345678", .untilClose, true),
        ("123456789", .untilClose, false),
    ]

    @Test(arguments: limited)
    func `content is taken up to the limit and refused past it`(
        text: String, length: HTTPBodyLength, isTaken: Bool
    ) throws {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 8
        for pieces in [[text.bytes], singleBytes(of: text.bytes)] {
            if isTaken {
                #expect(try Self.decode(pieces, as: length, limits: limits).content.count == 8)
            } else {
                let error = try #require(throws: HTTPError.self) {
                    try Self.decode(pieces, as: length, limits: limits)
                }
                #expect(error.reason == .bodyTooLarge(bytesMax: 8))
            }
        }
    }

    @Test(arguments: ["1;ab\r\nx\r\n1;cd\r\nx\r\n0\r\n\r\n", "0\r\nA: bc\r\n\r\n"])
    func `extensions and trailers count together against a limit`(text: String) throws {
        var limits = HTTPLimits()
        limits.chunkOverheadBytesMax = 5
        #expect(try Self.decode([text.bytes], as: .chunked, limits: limits).done)
        limits.chunkOverheadBytesMax = 3
        let error = try #require(throws: HTTPError.self) {
            try Self.decode([text.bytes], as: .chunked, limits: limits)
        }
        #expect(error.reason == .chunkOverheadTooLarge(bytesMax: 3))
    }

    /// Section 8: only a body that closing delimits is complete when the peer closes.
    @Test func `closing ends one kind of body and cuts the others short`() throws {
        var open = HTTPBodyDecoder(.untilClose)
        var content: [UInt8] = []
        let taken = try open.consume("ab".utf8.span, into: &content)
        #expect(!taken.done)
        try open.finish()
        #expect(open.isDone)

        for (length, text) in [(HTTPBodyLength.count(3), "ab"), (.chunked, "2\r\nab\r\n0\r\n")] {
            var cut = HTTPBodyDecoder(length)
            _ = try cut.consume(text.utf8.span, into: &content)
            let error = try #require(throws: HTTPError.self) { try cut.finish() }
            #expect(error.reason == .truncatedBody)
        }
        var done = HTTPBodyDecoder(.none)
        #expect(throws: Never.self) { try done.finish() }
    }

    @Test func `what is written in chunks reads back`() throws {
        let sizes = [1, 9, 15, 16, 255, 256, 4096]
        var bytes: [UInt8] = []
        var expected: [UInt8] = []
        for size in sizes {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            bytes.appendHTTP(chunk: content.span)
            bytes.appendHTTP(chunk: [UInt8]().span)
            expected += content
        }
        bytes.appendHTTPLastChunk()
        #expect(bytes.starts(with: "1\r\n\0\r\n9\r\n".bytes))
        let decoded = try Self.decode([bytes], as: .chunked)
        #expect(decoded.content == expected)
        #expect(decoded.consumed == bytes.count)
        #expect(decoded.done)
    }
}
