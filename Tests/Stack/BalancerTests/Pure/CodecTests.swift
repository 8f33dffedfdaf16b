// PROXY headers, log lines, and content on its way, each whole and byte by byte.

import Linux
import Testing
import Wire

@testable import Balancer

struct CodecTests {
    private static let client = ClientAddress.ipv4(
        SocketAddress(ip: IPv4Address(192, 0, 2, 7), port: 56324))
    private static let far = ClientAddress(
        IPv6Address(high: 0x2001_0db8_0000_0000, low: 0x1), port: 56324)
    private static let server = SocketAddress(ip: IPv4Address(198, 51, 100, 1), port: 443)

    @Test(arguments: [
        (ProxyGreeting.v1(from: client, to: server), client),
        (ProxyGreeting.v2(from: client, to: server), client),
        (ProxyGreeting.v1(from: far, to: server), far),
        (ProxyGreeting.v2(from: far, to: server), far),
    ])
    func `a PROXY header survives the wire in any pieces`(
        _ bytes: [UInt8], _ client: ClientAddress
    ) {
        for count in 0..<bytes.count {
            let part = Array(bytes.prefix(count))
            let reading = ProxyGreeting.read(part.span)
            #expect(reading == .incomplete, "\(count) bytes")
        }
        let whole = bytes + Array("GET".utf8)
        let reading = ProxyGreeting.read(whole.span)
        #expect(reading == .header(bytes.count, client))
    }

    @Test(arguments: [
        ("PROXY UNKNOWN\r\n", ProxyGreeting.Reading.header(15, nil)),
        (
            "PROXY TCP6 ::1 ::1 1 2\r\n",
            .header(24, ClientAddress(IPv6Address(high: 0, low: 1), port: 1))
        ),
        (
            "PROXY TCP6 ::ffff:192.0.2.7 ::1 56324 2\r\n", .header(41, client)
        ),
        ("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", .malformed),
        ("PROXY TCP4 ::1 ::1 1 2\r\n", .malformed),
        ("PROXY TCP6 ::1 ::g 1 2\r\n", .malformed),
        // A Unix socket names nobody; a family without room for its addresses is none.
        ("\r\n\r\n\0\r\nQUIT\n\u{21}\u{31}\0\0", .header(16, nil)),
        ("\r\n\r\n\0\r\nQUIT\n\u{21}\u{21}\0\0", .malformed),
        ("GET / HTTP/1.1\r\n", .malformed),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", .malformed),
        ("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", .malformed),
        ("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", .malformed),
        ("PROXY TCP4 " + String(repeating: "1", count: 100), .malformed),
        ("\r\n\r\n\0\r\nQUIT\n\u{11}\u{11}\0\0", .malformed),
    ])
    func `what is no PROXY header is told from one`(
        _ text: String, _ expected: ProxyGreeting.Reading
    ) {
        let bytes = Array(text.utf8)
        let reading = ProxyGreeting.read(bytes.span)
        #expect(reading == expected)
    }

    @Test func `an IPv6 client is one whatever address of its network it uses`() {
        let (one, other) = (
            ClientAddress(IPv6Address(high: 7, low: 1), port: 1),
            ClientAddress(IPv6Address(high: 7, low: 2), port: 2)
        )
        #expect(one.network == other.network)
        #expect(one.network != Self.far.network)
        #expect("\(Self.far)" == "[2001:db8::1]:56324")
        #expect(Self.far.ip == "2001:db8::1")
        let mapped = ClientAddress(IPv6Address(mapping: IPv4Address(192, 0, 2, 7)), port: 56324)
        #expect(mapped == Self.client)
    }

    @Test func `a log line has the form that tools read`() throws {
        let head = Array(
            "GET /a?b=\"c\" HTTP/1.1\r\nHost: x\r\nReferer: http://r/\r\nUser-Agent: u \"v\"\r\n\r\n"
                .utf8)
        var map = HTTPHeadMap()
        let length = try map.readRequest(head.span, limits: .standard)
        try #require(length == head.count)
        let entry = AccessEntry(
            line: AccessLine(head.span, map), client: Self.client, id: "abc", status: 200,
            bytes: 17,
            duration: .microseconds(1500), backend: "app-1", tries: 2)
        let time = WallTime(nanoseconds: 1_764_000_000_123_456_000)
        #expect(
            entry.combined(at: time)
                == "192.0.2.7 - - [24/Nov/2025:16:00:00 +0000] \"GET /a?b=\\\"c\\\" HTTP/1.1\" 200 17 "
                + "\"http://r/\" \"u \\\"v\\\"\"\n")
        let text = Array(entry.json(at: time).utf8)
        let json = try JSON.parse(text.span)
        #expect(json["microseconds"]?.int == 1500)
        #expect(json["backend"]?.string == "app-1")
        #expect(json["client"]?.string == "192.0.2.7:56324")
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `content is taken apart and made anew in any pieces`(_ size: Int) throws {
        let chunked = Array("5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\nNEXT".utf8)
        let out = try relay(chunked, .chunked, writesChunks: false, pieces: size)
        #expect(out.text == "hello world")
        #expect(out.rest == "NEXT")
        let counted = try relay(
            Array("abcdefgh".utf8), .count(5), writesChunks: false, pieces: size)
        #expect(counted.text == "abcde")
        #expect(counted.rest == "fgh")
        let anew = try relay(chunked, .chunked, writesChunks: true, pieces: size)
        var decoder = HTTPBodyDecoder(.chunked)
        var content: [UInt8] = []
        let bytes = Array(anew.text.utf8)
        let taken = try decoder.consume(bytes.span, into: &content)
        #expect(taken.done && taken.consumed == bytes.count)
        #expect(String(decoding: content, as: UTF8.self) == "hello world")
    }

    @Test func `content that breaks off is no content`() throws {
        var out: [UInt8] = []
        var counted = BodyFlow(.count(5), writesChunks: false, limits: .standard)
        #expect(throws: HTTPError.self) { try counted.end(into: &out) }
        var open = BodyFlow(.untilClose, writesChunks: true, limits: .standard)
        try open.end(into: &out)
        #expect(open.isDone)
        #expect(String(decoding: out, as: UTF8.self) == "0\r\n\r\n")
    }

    @Test func `what Connection names stays behind`() throws {
        let head = Array(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nX-Open: 2\r\n\r\n"
                .utf8)
        var map = HTTPHeadMap()
        _ = try map.readRequest(head.span, limits: .standard)
        var out: [UInt8] = []
        let place = HeadRewrite.appendRequest(
            map, head.span, .init(address: Array("10.0.0.1".utf8), id: 0xAB), to: &out)
        HeadRewrite.write(deadline: 1850, into: &out, at: place)
        let text = String(decoding: out, as: UTF8.self)
        #expect(
            text == "GET / HTTP/1.1\r\nHost: x\r\nX-Open: 2\r\nX-Forwarded-For: 10.0.0.1\r\n"
                + "Via: 1.1 balancer\r\nX-Request-Id: 00000000000000ab\r\n"
                + "X-Request-Deadline-Ms:      1850\r\n\r\n")
    }

    private func relay(
        _ bytes: [UInt8], _ length: HTTPBodyLength, writesChunks: Bool, pieces: Int
    ) throws -> (text: String, rest: String) {
        var flow = BodyFlow(length, writesChunks: writesChunks, limits: .standard)
        var out: [UInt8] = []
        var start = 0
        while start < bytes.count, !flow.isDone {
            let piece = Array(bytes[start..<min(bytes.count, start + pieces)])
            start += try flow.relay(piece.span, into: &out)
        }
        return (
            String(decoding: out, as: UTF8.self), String(decoding: bytes[start...], as: UTF8.self)
        )
    }
}
