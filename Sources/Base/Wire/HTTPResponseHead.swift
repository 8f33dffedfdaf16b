// The head of an HTTP/1.1 response: the status line and the fields (RFC 9112 section 4).
//
//     HTTP/1.1 200 OK\r\n
//     Content-Length: 2\r\n
//     \r\n

package struct HTTPResponseHead: Equatable, Sendable {
    package var status: Int
    package var reason: String
    package var headers: HTTPHeaders
    /// The version the other side speaks: a server sets it to its client's. Encoders always write
    /// HTTP/1.1 (RFC 9110 section 6.2), and tell an HTTP/1.0 client that the connection goes on.
    package var version: HTTPVersion
    /// False when the sender closes the connection after this message.
    package var keepAlive: Bool
    /// The only source of the framing fields when the head is written, except for `.none`.
    package var body: HTTPBodyLength

    /// An answer to send; it has a body of no bytes unless told otherwise.
    package init(
        status: Int, headers: HTTPHeaders = [:], body: HTTPBodyLength = .count(0),
        keepAlive: Bool = true
    ) {
        precondition((100...999).contains(status), "a status has three digits")
        self.status = status
        reason = Self.reason(of: status)
        self.headers = headers
        self.body = Self.hasNoContent(status) ? .none : body
        self.keepAlive = keepAlive
        version = .http11
    }

    private init(
        status: Int, reason: Span<UInt8>, version: HTTPVersion, headers: HTTPHeaders,
        body: HTTPBodyLength, framing: HTTPFraming
    ) {
        self.status = status
        self.reason = String(repairing: reason)
        self.version = version
        self.headers = headers
        self.body = body
        keepAlive = body != .untilClose && framing.keepAlive(version)
    }
}

package extension HTTPResponseHead {
    /// Reads one head from the front; nil when its last byte has not arrived.
    ///
    /// The method of the request decides whether content follows: an answer to HEAD has the fields
    /// of an answer to GET and no content.
    static func parse(
        _ bytes: Span<UInt8>, answering method: String = "GET", limits: HTTPLimits = .standard
    ) throws(HTTPError) -> (head: HTTPResponseHead, consumed: Int)? {
        var parser = HTTPHeadParser(bytes, limits: limits)
        guard let version = try parser.version(),
            let status = try parser.status(),
            let reason = try parser.reason(),
            let headers = try parser.fields()
        else {
            try parser.expectMore()
            return nil
        }
        let framing = try HTTPFraming(of: headers, version: version, at: parser.index)
        let body = bodyLength(of: status, answering: method, framing)
        let head = HTTPResponseHead(
            status: status, reason: reason, version: version, headers: headers, body: body,
            framing: framing)
        return (head, parser.index)
    }

    /// RFC 9112 section 6.3, items 1, 4, 6 and 8.
    private static func bodyLength(
        of status: Int, answering method: String, _ framing: HTTPFraming
    ) -> HTTPBodyLength {
        if method == "HEAD" || hasNoContent(status) { return .none }
        if framing.isChunked { return .chunked }
        return framing.contentLength.map { .count($0) } ?? .untilClose
    }

    /// Appends the head; Content-Length, Transfer-Encoding and Connection come from the properties.
    ///
    /// With `.none` the two framing fields of `headers` are kept, since they describe what GET
    /// would have brought; where there are none and the status allows content, the length is 0.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(text: "HTTP/1.1 ")
        bytes.append(decimal: status)
        bytes.append(0x20)
        for byte in reason.utf8 { bytes.append(HTTPGrammar.isFieldValue(byte) ? byte : 0x20) }
        bytes.appendLineEnd()
        encodeFields(into: &bytes)
        if !keepAlive || body == .untilClose {
            bytes.append(text: "Connection: close\r\n")
        } else if version == .http10 {
            bytes.append(text: "Connection: keep-alive\r\n")
        }
        bytes.appendLineEnd()
    }

    /// Appends the head with the length of this content, and the content.
    func encode(into bytes: inout [UInt8], content: [UInt8]) {
        precondition(!Self.hasNoContent(status), "this status has no content")
        var head = self
        head.body = .count(content.count)
        head.encode(into: &bytes)
        bytes.append(contentsOf: content)
    }

    private func encodeFields(into bytes: inout [UInt8]) {
        guard body == .none, !Self.hasNoContent(status) || status == 304 else {
            headers.encode(into: &bytes, except: HTTPFraming.isFramingField)
            bytes.appendHTTP(framing: body)
            return
        }
        headers.encode(into: &bytes) { $0.equalsIgnoringCase("connection") }
        let isFramed = headers["content-length"] != nil || headers["transfer-encoding"] != nil
        if !isFramed, status != 304 { bytes.appendHTTP(framing: .count(0)) }
    }
}

package extension HTTPResponseHead {
    /// True for 1xx: another head follows for the same request.
    var isInterim: Bool { (100..<200).contains(status) }

    /// True for the statuses that never have content (RFC 9112 section 6.3, item 1).
    static func hasNoContent(_ status: Int) -> Bool {
        (100..<200).contains(status) || status == 204 || status == 304
    }

    /// The phrase of RFC 9110 section 15; for people, since no program may rely on it.
    static func reason(of status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 416: "Range Not Satisfiable"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status \(status)"
        }
    }
}
