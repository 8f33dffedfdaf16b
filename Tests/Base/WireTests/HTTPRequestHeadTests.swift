// Request heads: what is read, what is refused and why, and what is written. Sections are of
// RFC 9112 unless another is named.

import Testing

@testable import Wire

@Suite struct HTTPRequestHeadTests {
    static let sample = """
        POST /users/17/posts?a=1 HTTP/1.1\r
        Host: app-1:8080\r
        Idempotency-Key:k1\r
        content-length: \t5 \r
        Empty:\r
        \r

        """.bytes

    @Test func `a head is read whole, and waited for at every prefix`() throws {
        let (head, consumed) = try #require(
            try HTTPRequestHead.parse((Self.sample + "hello".bytes).span))
        #expect(consumed == Self.sample.count)
        #expect(head.method == "POST")
        #expect(head.target == "/users/17/posts?a=1")
        #expect(head.path == "/users/17/posts")
        #expect(head.query == "a=1")
        #expect(head.version == .http11)
        #expect(head.keepAlive)
        #expect(head.body == .count(5))
        #expect(head.headers["idempotency-key"] == "k1")
        #expect(head.headers["Content-Length"] == "5")
        #expect(head.headers["Empty"]?.isEmpty == true)
        #expect(
            head.headers.all.map(\.name) == ["Host", "Idempotency-Key", "content-length", "Empty"])
        for prefix in properPrefixes(of: Self.sample) {
            #expect(try HTTPRequestHead.parse(prefix.span) == nil)
        }
    }

    static func request(_ line: String, _ fields: String...) -> [UInt8] {
        ([line] + fields + ["", ""]).joined(separator: "\r\n").bytes
    }

    static let refusedLines: [(String, HTTPError.Reason)] = [
        (" GET / HTTP/1.1", .malformedMethod),
        ("G(T / HTTP/1.1", .malformedMethod),
        ("GET", .malformedMethod),
        ("\nGET / HTTP/1.1", .malformedMethod),
        ("GET  / HTTP/1.1", .malformedTarget),  // section 3: single spaces
        ("GET\t/ HTTP/1.1", .malformedMethod),
        ("GET /a b HTTP/1.1", .malformedVersion),
        ("GET /", .malformedTarget),  // HTTP/0.9
        ("GET /\u{E9} HTTP/1.1", .malformedTarget),
        ("GET /a#b HTTP/1.1", .malformedTarget),  // section 3.2: no fragment
        ("GET a HTTP/1.1", .malformedTarget),
        ("GET * HTTP/1.1", .malformedTarget),  // section 3.2.4: OPTIONS alone
        ("GET http:// HTTP/1.1", .malformedTarget),
        ("GET / http/1.1", .malformedVersion),  // section 2.3: case-sensitive
        ("GET / HTTP/1", .malformedVersion),
        ("GET / HTTP/1.1 ", .malformedVersion),
        ("GET / HTTP/11.1", .malformedVersion),
        ("GET / HTTP/2.0", .unsupportedVersion),
        ("GET / HTTP/0.9", .unsupportedVersion),
    ]

    @Test(arguments: refusedLines)
    func `a malformed request line is refused`(line: String, reason: HTTPError.Reason) throws {
        let bytes = Self.request(line, "Host: a")
        let error = try #require(throws: HTTPError.self) { try HTTPRequestHead.parse(bytes.span) }
        #expect(error.reason == reason)
    }

    static let refusedFields: [(String, HTTPError.Reason)] = [
        ("A : 1", .malformedFieldName),  // section 5.1: no space before the colon
        (": 1", .malformedFieldName),
        ("A", .malformedFieldName),
        ("\u{E9}: 1", .malformedFieldName),
        ("A: 1\r\n 2", .foldedField),  // section 5.2: obs-fold
        ("A: 1\r\n\t2", .foldedField),
        ("A: 1\nB: 2", .malformedLineEnd),  // section 2.2: a bare line feed
        ("A: 1\rB: 2", .malformedLineEnd),  // section 2.2: a bare carriage return
        ("A: 1\0", .malformedFieldValue),  // RFC 9110 section 5.5
        ("A: 1\u{7F}", .malformedFieldValue),
        ("Host: b", .repeatedHost),  // section 3.2
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .conflictingFraming),  // section 6.1
        ("Transfer-Encoding: chunked\r\ncontent-length: 5", .conflictingFraming),
        ("Content-Length: 5\r\nContent-Length: 6", .conflictingContentLength),  // section 6.3
        ("Content-Length: 5, 5", .malformedContentLength),
        ("Content-Length: +5", .malformedContentLength),
        ("Content-Length: -5", .malformedContentLength),
        ("Content-Length: -0", .malformedContentLength),
        ("Content-Length: 0x5", .malformedContentLength),
        ("Content-Length: 5 5", .malformedContentLength),
        ("Content-Length:", .malformedContentLength),
        ("Content-Length: 9223372036854775808", .malformedContentLength),
        ("Transfer-Encoding: gzip, chunked", .unsupportedTransferEncoding),  // section 6.1: 501
        ("Transfer-Encoding: chunked, chunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: xchunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: identity", .unsupportedTransferEncoding),
        ("Transfer-Encoding:", .unsupportedTransferEncoding),
        ("Transfer-Encoding: \u{B}chunked", .malformedFieldValue),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .unsupportedTransferEncoding),
    ]

    @Test(arguments: refusedFields)
    func `a field that could be read in two ways is refused`(
        field: String, reason: HTTPError.Reason
    ) throws {
        let bytes = Self.request("POST / HTTP/1.1", "Host: a", field)
        let error = try #require(throws: HTTPError.self) { try HTTPRequestHead.parse(bytes.span) }
        #expect(error.reason == reason)
    }

    /// Section 2.2: a recipient that skipped the white space would see a field the sender hid.
    @Test func `white space before the first field is refused`() throws {
        let bytes = Self.request("GET / HTTP/1.1", " Host: a")
        let error = try #require(throws: HTTPError.self) { try HTTPRequestHead.parse(bytes.span) }
        #expect(error.reason == .foldedField)
    }

    @Test func `HTTP 1_1 without Host is refused and 1_0 is not`() throws {
        let error = try #require(throws: HTTPError.self) {
            try HTTPRequestHead.parse(Self.request("GET / HTTP/1.1", "A: b").span)
        }
        #expect(error.reason == .missingHost)
        #expect(try HTTPRequestHead.parse(Self.request("GET / HTTP/1.0").span) != nil)
    }

    @Test func `chunked in HTTP 1_0 is refused`() throws {
        let bytes = Self.request("POST / HTTP/1.0", "Transfer-Encoding: chunked")
        let error = try #require(throws: HTTPError.self) { try HTTPRequestHead.parse(bytes.span) }
        #expect(error.reason == .conflictingFraming)
    }

    static let framed: [(String, HTTPBodyLength)] = [
        ("A: b", .none),
        ("Content-Length: 0", .count(0)),
        ("Content-Length: 007", .count(7)),
        ("Content-Length: 5\r\nContent-Length: 5", .count(5)),  // section 6.3, item 5
        ("Transfer-Encoding: Chunked", .chunked),
    ]

    @Test(arguments: framed)
    func `the fields decide where the body ends`(field: String, body: HTTPBodyLength) throws {
        let bytes = Self.request("POST / HTTP/1.1", "Host: a", field)
        #expect(try HTTPRequestHead.parse(bytes.span)?.head.body == body)
    }

    static let persistence: [(String, String, Bool)] = [
        ("HTTP/1.1", "A: b", true),
        ("HTTP/1.1", "Connection: close", false),
        ("HTTP/1.1", "Connection: x, CLOSE", false),
        ("HTTP/1.1", "Connection: x\r\nConnection: close", false),
        ("HTTP/1.1", "Connection: closed", true),
        ("HTTP/1.7", "A: b", true),  // a later minor version speaks 1.1
        ("HTTP/1.0", "A: b", false),
        ("HTTP/1.0", "Connection: Keep-Alive", true),
        ("HTTP/1.0", "Connection: keep-alive, close", false),
    ]

    @Test(arguments: persistence)
    func `version and Connection decide whether it goes on`(
        version: String, field: String, keepAlive: Bool
    ) throws {
        let bytes = Self.request("GET / \(version)", "Host: a", field)
        #expect(try HTTPRequestHead.parse(bytes.span)?.head.keepAlive == keepAlive)
    }

    static let targets: [(String, String, String, String?)] = [
        ("GET", "/", "/", nil),
        ("GET", "/a?", "/a", ""),
        ("GET", "/a?b?c", "/a", "b?c"),
        ("GET", "http://h:80/a?b", "/a", "b"),
        ("GET", "HTTPS://h", "/", nil),
        ("GET", "http://h?b", "/", "b"),
        ("OPTIONS", "*", "*", nil),
        ("CONNECT", "h:443", "h:443", nil),
    ]

    @Test(arguments: targets)
    func `each form of target gives path and query`(
        method: String, target: String, path: String, query: String?
    ) throws {
        let bytes = Self.request("\(method) \(target) HTTP/1.1", "Host: h")
        let head = try #require(try HTTPRequestHead.parse(bytes.span)).head
        #expect(head.path == path)
        #expect(head.query == query)
    }

    @Test func `empty lines before a request are skipped`() throws {
        let bytes = "\r\n\r\n".bytes + Self.sample
        let parsed = try #require(try HTTPRequestHead.parse(bytes.span))
        #expect(parsed.consumed == bytes.count)
        for prefix in properPrefixes(of: bytes) {
            #expect(try HTTPRequestHead.parse(prefix.span) == nil)
        }
        #expect(throws: HTTPError.self) { try HTTPRequestHead.parse("\rG".utf8.span) }
    }

    @Test func `bytes beyond ASCII pass through a value unchanged`() throws {
        let bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: ".bytes + [0xFF, 0xE9] + "\r\n\r\n".bytes
        let head = try #require(try HTTPRequestHead.parse(bytes.span)).head
        #expect(head.headers["x"] == "\u{FFFD}\u{FFFD}")
        var written: [UInt8] = []
        head.encode(into: &written)
        #expect(written == bytes)
    }

    @Test func `a head is taken up to the limit and refused past it`() throws {
        var limits = HTTPLimits()
        limits.headBytesMax = Self.sample.count
        let whole = Self.sample + "body".bytes
        #expect(try HTTPRequestHead.parse(whole.span, limits: limits) != nil)
        limits.headBytesMax -= 1
        let error = try #require(throws: HTTPError.self) {
            try HTTPRequestHead.parse(whole.span, limits: limits)
        }
        #expect(error.reason == .headTooLarge(bytesMax: Self.sample.count - 1))
        #expect(error.status == 431)
    }

    @Test func `empty lines without end are refused`() throws {
        let flood = [UInt8](repeating: 0, count: 20_000).indices.map {
            UInt8($0 % 2 == 0 ? 13 : 10)
        }
        #expect(throws: HTTPError.self) { try HTTPRequestHead.parse(flood.span) }
    }

    @Test func `a hundred fields are taken and one more is refused`() throws {
        let fields = (0..<99).map { "A\($0): b" }.joined(separator: "\r\n")
        let taken = Self.request("GET / HTTP/1.1", "Host: a", fields)
        #expect(try HTTPRequestHead.parse(taken.span)?.head.headers.count == 100)
        let refused = Self.request("GET / HTTP/1.1", "Host: a", fields, "B: c")
        let error = try #require(throws: HTTPError.self) { try HTTPRequestHead.parse(refused.span) }
        #expect(error.reason == .tooManyFields(fieldsMax: 100))
    }

    @Test func `what is written reads back the same`() throws {
        var head = HTTPRequestHead(
            method: "POST", target: "/a?b", host: "app-1", headers: ["Session": "s"], body: .chunked
        )
        head.keepAlive = false
        var bytes: [UInt8] = []
        head.encode(into: &bytes)
        #expect(
            bytes
                == """
                POST /a?b HTTP/1.1\r
                Host: app-1\r
                Session: s\r
                Transfer-Encoding: chunked\r
                Connection: close\r
                \r

                """.bytes)
        let parsed = try #require(try HTTPRequestHead.parse(bytes.span)).head
        #expect(parsed.body == .chunked)
        #expect(!parsed.keepAlive)
    }

    @Test func `content brings its own length, whatever the fields say`() {
        let head = HTTPRequestHead(
            method: "PUT", target: "/", host: "h",
            headers: ["content-length": "99", "transfer-encoding": "chunked"], body: .chunked)
        var bytes: [UInt8] = []
        head.encode(into: &bytes, content: "ab".bytes)
        #expect(bytes == "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab".bytes)
    }

    @Test func `a client that waits for a 100 is recognised`() throws {
        let waiting = Self.request(
            "POST / HTTP/1.1", "Host: a", "Expect: 100-Continue", "Content-Length: 9")
        #expect(try HTTPRequestHead.parse(waiting.span)?.head.expectsContinue == true)
        let bodiless = Self.request("POST / HTTP/1.1", "Host: a", "Expect: 100-continue")
        #expect(try HTTPRequestHead.parse(bodiless.span)?.head.expectsContinue == false)
    }

    @Test(arguments: [
        (HTTPError.Reason.conflictingFraming, 400),
        (.unsupportedTransferEncoding, 501),
        (.unsupportedVersion, 505),
        (.bodyTooLarge(bytesMax: 1), 413),
    ])
    func `a fault names the status to answer`(reason: HTTPError.Reason, status: Int) throws {
        #expect(HTTPError(reason, at: 0).status == status)
    }
}
