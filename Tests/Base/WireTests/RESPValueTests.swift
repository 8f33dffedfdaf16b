// RESP2 values both ways: every kind, every cut, every limit.

import Testing
import Wire

@Suite struct RESPValueTests {
    static let samples: [(String, RESPValue)] = [
        ("+OK\r\n", .simple("OK")),
        ("+\r\n", .simple("")),
        ("-NOTLEADER 10.0.0.2:7000\r\n", .error("NOTLEADER 10.0.0.2:7000")),
        (":0\r\n", .integer(0)),
        (":-9223372036854775808\r\n", .integer(.min)),
        (":9223372036854775807\r\n", .integer(.max)),
        ("$0\r\n\r\n", .bulk("")),
        ("$5\r\na\r\nbc\r\n", .bulk("a\r\nbc")),  // line ends inside are content
        ("$-1\r\n", .null),
        ("*0\r\n", .array([])),
        ("*2\r\n:1\r\n$1\r\nx\r\n", .array([.integer(1), .bulk("x")])),
        (
            "*3\r\n*1\r\n+a\r\n$-1\r\n*0\r\n",
            .array([.array([.simple("a")]), .null, .array([])])
        ),
    ]

    @Test(arguments: samples)
    func `a value is read whole, waited for in part, and written back`(
        text: String, expected: RESPValue
    ) throws {
        let bytes = text.bytes
        let whole = try #require(try RESPValue.parse(bytes.span))
        #expect(whole.value == expected)
        #expect(whole.consumed == bytes.count)
        for prefix in properPrefixes(of: bytes) {
            #expect(try RESPValue.parse(prefix.span) == nil)
        }
        let followed = try #require(try RESPValue.parse((bytes + [0xFF, 0x0A]).span))
        #expect(followed.value == expected)
        #expect(followed.consumed == bytes.count)

        var written: [UInt8] = []
        expected.encode(into: &written)
        #expect(written == bytes)
    }

    @Test func `the null array reads as null`() throws {
        let parsed = try #require(try RESPValue.parse("*-1\r\n".utf8.span))
        #expect(parsed.value == .null)
        #expect(parsed.consumed == 5)
    }

    static let invalid: [(String, RESPError.Reason, Int)] = [
        ("x", RESPError.Reason.unexpectedByte(UInt8(ascii: "x")), 0),
        ("\r\n", .unexpectedByte(0x0D), 0),
        (":\r\n", .malformedNumber, 1),
        (":1x\r\n", .malformedNumber, 1),
        (":+1\r\n", .malformedNumber, 1),
        (": 1\r\n", .malformedNumber, 1),
        (":9223372036854775808\r\n", .malformedNumber, 1),
        (":0000000000000000000001", .malformedNumber, 1),  // refused before the line ends
        ("$-2\r\n", .malformedNumber, 0),
        ("*-2\r\n", .malformedNumber, 0),
        ("+a\nb\r\n", .malformedLineEnd, 2),
        ("+a\rb\r\n", .malformedLineEnd, 3),
        (":1\n", .malformedLineEnd, 2),
        ("$1\r\nab\r\n", .malformedLineEnd, 5),
        ("$1\r\na\rb", .malformedLineEnd, 6),
        ("*1\r\n?", .unexpectedByte(UInt8(ascii: "?")), 4),
    ]

    @Test(arguments: invalid)
    func `what is not RESP is refused`(
        text: String, reason: RESPError.Reason, offset: Int
    ) throws {
        let error = try #require(throws: RESPError.self) { try RESPValue.parse(text.utf8.span) }
        #expect(error.reason == reason)
        #expect(error.offset == offset)
    }

    @Test func `text that is not UTF-8 is refused in a line and kept in a bulk string`() throws {
        let error = try #require(throws: RESPError.self) {
            try RESPValue.parse([0x2B, 0xFF, 0x0D, 0x0A].span)
        }
        #expect(error.reason == .malformedUTF8)
        let bulk = try RESPValue.parse([0x24, 0x31, 0x0D, 0x0A, 0xFF, 0x0D, 0x0A].span)
        #expect(bulk?.value == .bulk([0xFF]))
    }

    static let limited: [(String, RESPError.Reason?)] = [
        ("+abcd\r\n", nil),
        ("+abcde", RESPError.Reason.lineTooLong(bytesMax: 4)),
        ("$6\r\nabcdef\r\n", nil),
        ("$7\r\n", .bulkTooLong(bytesMax: 6)),
        ("*2\r\n:1\r\n:2\r\n", nil),
        ("*3\r\n", .arrayTooLong(elementsMax: 2)),
        ("*1\r\n*1\r\n:1\r\n", nil),
        ("*1\r\n*1\r\n*0\r\n", .tooDeep(depthMax: 2)),
    ]

    @Test(arguments: limited)
    func `a limit is kept to the byte`(text: String, reason: RESPError.Reason?) throws {
        var limits = RESPLimits()
        limits.lineBytesMax = 4
        limits.bulkBytesMax = 6
        limits.elementsMax = 2
        limits.depthMax = 2
        if let reason {
            let error = try #require(throws: RESPError.self) {
                try RESPValue.parse(text.utf8.span, limits: limits)
            }
            #expect(error.reason == reason)
        } else {
            #expect(try RESPValue.parse(text.utf8.span, limits: limits) != nil)
        }
    }

    @Test func `a huge count alone is only waited for`() throws {
        #expect(try RESPValue.parse("*1048576\r\n".utf8.span) == nil)
    }

    @Test func `a line end cannot be smuggled into a simple string or an error`() throws {
        var bytes: [UInt8] = []
        RESPValue.simple("a\r\n+b").encode(into: &bytes)
        RESPValue.error("ERR x\n-y").encode(into: &bytes)
        #expect(bytes == "+a  +b\r\n-ERR x -y\r\n".bytes)
    }

    @Test func `getters read what a reply means`() {
        #expect(RESPValue.bulk("12").integer == 12)
        #expect(RESPValue.integer(12).integer == 12)
        #expect(RESPValue.bulk("x").integer == nil)
        #expect(RESPValue.simple("OK").text == "OK")
        #expect(RESPValue.bulk([0xFF]).text == "\u{FFFD}")
        #expect(RESPValue.null.text == nil)
        #expect(RESPValue.simple("OK").bytes == "OK".bytes)
        #expect(RESPValue.array([.null]).elements == [.null])
        #expect(RESPValue.error("UNKNOWN too late").errorCode == "UNKNOWN")
        #expect(RESPValue.simple("UNKNOWN").errorCode == nil)
    }
}
