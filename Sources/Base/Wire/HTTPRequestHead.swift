// The head of an HTTP/1.1 request: the request line and the fields (RFC 9112 section 3).
//
//     GET /users/17/feed?limit=10 HTTP/1.1\r\n
//     Host: app-1:8080\r\n
//     \r\n

package struct HTTPRequestHead: Equatable, Sendable {
    package var method: String
    /// As sent: `/path?query`, an absolute URI, or `*`.
    package var target: String
    package var headers: HTTPHeaders
    /// The version the sender speaks. Encoders always write HTTP/1.1 (RFC 9110 section 6.2).
    package let version: HTTPVersion
    /// False when no further request follows on this connection.
    package var keepAlive: Bool
    /// The only source of the framing fields when the head is written; never `.untilClose`.
    package var body: HTTPBodyLength

    /// A request to send. The host is not optional: servers refuse HTTP/1.1 without it.
    package init(
        method: String, target: String, host: String, headers: HTTPHeaders = [:],
        body: HTTPBodyLength = .none
    ) {
        self.method = method
        self.target = target
        self.headers = ["Host": host]
        for (name, value) in headers.all { self.headers.append(name, value) }
        self.body = body
        version = .http11
        keepAlive = true
    }

    private init(
        method: Span<UInt8>, target: Span<UInt8>, version: HTTPVersion, headers: HTTPHeaders,
        framing: HTTPFraming
    ) {
        self.method = String(repairing: method)
        self.target = String(repairing: target)
        self.version = version
        self.headers = headers
        keepAlive = framing.keepAlive(version)
        body = framing.isChunked ? .chunked : framing.contentLength.map { .count($0) } ?? .none
    }
}

package extension HTTPRequestHead {
    /// Reads one head from the front; nil when its last byte has not arrived.
    ///
    /// Empty lines before it are taken along. Nothing is kept between calls: a caller that got nil
    /// comes back with the same bytes and more.
    static func parse(
        _ bytes: Span<UInt8>, limits: HTTPLimits = .standard
    ) throws(HTTPError) -> (head: HTTPRequestHead, consumed: Int)? {
        var parser = HTTPHeadParser(bytes, limits: limits)
        parser.skipEmptyLines()
        guard let method = try parser.method(),
            let target = try parser.target(of: method),
            let version = try parser.version(),
            try parser.lineEnd(else: .malformedVersion),
            let headers = try parser.fields()
        else {
            try parser.expectMore()
            return nil
        }
        let framing = try HTTPFraming(of: headers, version: version, at: parser.index)
        // RFC 9112 section 3.2: 400 for no Host in HTTP/1.1, and for more than one anywhere.
        if framing.hosts > 1 { throw HTTPError(.repeatedHost, at: parser.index) }
        if framing.hosts == 0, version == .http11 {
            throw HTTPError(.missingHost, at: parser.index)
        }
        let head = HTTPRequestHead(
            method: method, target: target, version: version, headers: headers, framing: framing)
        return (head, parser.index)
    }

    /// Appends the head; Content-Length, Transfer-Encoding and Connection come from the properties.
    func encode(into bytes: inout [UInt8]) {
        precondition(HTTPGrammar.isToken(method.utf8.span), "a method is a token")
        precondition(
            HTTPGrammar.isTarget(target.utf8.span, of: method.utf8.span), "a target has no spaces")
        precondition(body != .untilClose, "a request must say where it ends")
        bytes.append(text: method)
        bytes.append(0x20)
        bytes.append(text: target)
        bytes.append(text: " HTTP/1.1\r\n")
        headers.encode(into: &bytes, except: HTTPFraming.isFramingField)
        bytes.appendHTTP(framing: body)
        if !keepAlive { bytes.append(text: "Connection: close\r\n") }
        bytes.appendLineEnd()
    }

    /// Appends the head with the length of this content, and the content.
    func encode(into bytes: inout [UInt8], content: [UInt8]) {
        var head = self
        head.body = .count(content.count)
        head.encode(into: &bytes)
        bytes.append(contentsOf: content)
    }
}

package extension HTTPRequestHead {
    /// The target up to its query, percent-encoding as sent; `/` for an absolute URI without one.
    var path: String {
        let text = target.utf8
        let start = pathStart
        let end = text[start...].firstIndex(of: UInt8(ascii: "?")) ?? text.endIndex
        if start == text.startIndex, end == text.endIndex { return target }
        return start == end ? "/" : String(target[start..<end])
    }

    /// What follows the first question mark, percent-encoding as sent.
    var query: String? {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return String(target[target.utf8.index(after: mark)...])
    }

    /// True when the client waits for a 100 before it sends the body (RFC 9110 section 10.1.1).
    var expectsContinue: Bool {
        guard version == .http11, body != .none, body != .count(0) else { return false }
        return headers["expect"]?.lowercased() == "100-continue"
    }

    /// True when sending it twice has the effect of sending it once (RFC 9110 section 9.2.2).
    var isIdempotent: Bool {
        switch method {
        case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE": true
        default: false
        }
    }

    private var pathStart: String.Index {
        guard target.utf8.first != UInt8(ascii: "/") else { return target.startIndex }
        guard let authority = HTTPGrammar.authority(of: target.utf8.span) else {
            return target.startIndex
        }
        return target.utf8.index(target.startIndex, offsetBy: authority.upperBound)
    }
}
