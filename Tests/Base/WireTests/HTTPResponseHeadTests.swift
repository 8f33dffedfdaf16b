// Response heads: the status line, and where RFC 9112 section 6.3 says the content ends.

import Testing
import Wire

@Suite struct HTTPResponseHeadTests {
    static let sample = "HTTP/1.1 201 Created\r\nServed-By: app-2\r\nContent-Length: 2\r\n\r\n"
        .bytes

    @Test func `a head is read whole, and waited for at every prefix`() throws {
        let (head, consumed) = try #require(
            try HTTPResponseHead.parse((Self.sample + "{}".bytes).span))
        #expect(consumed == Self.sample.count)
        #expect(head.status == 201)
        #expect(head.reason == "Created")
        #expect(head.headers["served-by"] == "app-2")
        #expect(head.body == .count(2))
        #expect(head.keepAlive)
        for prefix in properPrefixes(of: Self.sample) {
            #expect(try HTTPResponseHead.parse(prefix.span) == nil)
        }
    }

    static let refused: [(String, HTTPError.Reason)] = [
        ("http/1.1 200 OK", .malformedVersion),
        ("HTTP/2.0 200 OK", .unsupportedVersion),
        ("\r\nHTTP/1.1 200 OK", .malformedVersion),
        ("HTTP/1.1  200 OK", .malformedStatus),
        ("HTTP/1.1 20 OK", .malformedStatus),
        ("HTTP/1.1 2000 OK", .malformedStatus),
        ("HTTP/1.1 099 OK", .malformedStatus),
        ("HTTP/1.1 2x0 OK", .malformedStatus),
        ("HTTP/1.1 200 O\0K", .malformedStatus),
        ("HTTP/1.1 200 OK\nA: b", .malformedLineEnd),
        ("HTTP/1.1 200 OK\r\n A: b", .foldedField),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", .conflictingFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2", .conflictingContentLength),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", .conflictingFraming),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip", .unsupportedTransferEncoding),
    ]

    @Test(arguments: refused)
    func `a malformed head is refused`(text: String, reason: HTTPError.Reason) throws {
        let bytes = (text + "\r\n\r\n").bytes
        let error = try #require(throws: HTTPError.self) { try HTTPResponseHead.parse(bytes.span) }
        #expect(error.reason == reason)
    }

    static let framed: [(String, String, HTTPBodyLength, Bool)] = [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3", .count(3), true),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", .chunked, true),
        ("GET", "HTTP/1.1 200 OK", .untilClose, false),  // item 8
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3", .none, true),  // item 1
        ("HEAD", "HTTP/1.1 200 OK", .none, true),
        ("GET", "HTTP/1.1 204 No Content", .none, true),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3", .none, true),
        ("POST", "HTTP/1.1 100 Continue", .none, true),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close", .count(3), false),
        ("GET", "HTTP/1.0 200 OK\r\nContent-Length: 3", .count(3), false),
        ("GET", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive", .count(3), true),
    ]

    @Test(arguments: framed)
    func `method, status and fields decide where the content ends`(
        method: String, text: String, body: HTTPBodyLength, keepAlive: Bool
    ) throws {
        let bytes = (text + "\r\n\r\n").bytes
        let head = try #require(try HTTPResponseHead.parse(bytes.span, answering: method)).head
        #expect(head.body == body)
        #expect(head.keepAlive == keepAlive)
    }

    @Test(arguments: ["HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n"])
    func `a reason may be empty`(text: String) throws {
        #expect(try HTTPResponseHead.parse(text.utf8.span)?.head.reason.isEmpty == true)
    }

    static func written(_ head: HTTPResponseHead) -> String {
        var bytes: [UInt8] = []
        head.encode(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `an answer says its length by itself`() {
        let empty = HTTPResponseHead(status: 200, headers: ["A": "b"])
        #expect(Self.written(empty) == "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n")
        #expect(Self.written(HTTPResponseHead(status: 204)) == "HTTP/1.1 204 No Content\r\n\r\n")

        var bytes: [UInt8] = []
        HTTPResponseHead(status: 404, headers: ["content-length": "9"])
            .encode(into: &bytes, content: "no".bytes)
        #expect(bytes == "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno".bytes)
    }

    @Test func `closing is announced, and going on is told to HTTP 1_0`() {
        let closing = HTTPResponseHead(status: 503, keepAlive: false)
        #expect(Self.written(closing).hasSuffix("Content-Length: 0\r\nConnection: close\r\n\r\n"))
        let untilClose = HTTPResponseHead(status: 200, body: .untilClose)
        #expect(Self.written(untilClose) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        var toOldClient = HTTPResponseHead(status: 200)
        toOldClient.version = .http10
        #expect(Self.written(toOldClient).hasSuffix("Connection: keep-alive\r\n\r\n"))
    }

    @Test func `an answer to HEAD is passed on with the length it names`() throws {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: x\r\n\r\n".bytes
        let head = try #require(try HTTPResponseHead.parse(bytes.span, answering: "HEAD")).head
        #expect(Self.written(head) == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
    }

    @Test func `an answer without content never leaves its end open`() {
        let head = HTTPResponseHead(status: 200, body: .none)
        #expect(Self.written(head).contains("Content-Length: 0\r\n"))
    }

    @Test func `framing fields of a 204 are dropped and those of a 304 kept`() {
        let headers: HTTPHeaders = ["Content-Length": "3", "Transfer-Encoding": "chunked"]
        let noContent = HTTPResponseHead(status: 204, headers: headers)
        #expect(Self.written(noContent) == "HTTP/1.1 204 No Content\r\n\r\n")
        let notModified = HTTPResponseHead(status: 304, headers: ["Content-Length": "3"])
        #expect(Self.written(notModified).contains("Content-Length: 3\r\n"))
    }

    @Test func `a reason cannot end its line`() {
        var head = HTTPResponseHead(status: 200)
        head.reason = "O\r\nK"
        #expect(Self.written(head).hasPrefix("HTTP/1.1 200 O  K\r\n"))
    }

    @Test func `an interim answer is told from a final one`() {
        #expect(HTTPResponseHead(status: 100).isInterim)
        #expect(!HTTPResponseHead(status: 200).isInterim)
    }
}
