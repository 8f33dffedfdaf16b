// How long a message is and whether its connection goes on: the decisions of RFC 9112 sections 6.3
// and 9.3, made once for the heads of requests and responses.
//
// A message whose length could be read in two ways is refused, never repaired.

package enum HTTPVersion: Hashable, Sendable {
    case http10
    case http11
}

/// Where the content of a message ends.
package enum HTTPBodyLength: Hashable, Sendable {
    /// No content follows, whatever the fields say: an answer to HEAD, a 204, a GET.
    case none
    /// That many bytes, by Content-Length.
    case count(Int)
    /// In chunks, up to the one of size zero (RFC 9112 section 7.1).
    case chunked
    /// Up to the end of the connection; answers only.
    case untilClose

    /// Asked for each message that a proxy passes on, where a comparison of values would cost a call.
    package var isChunked: Bool {
        if case .chunked = self { true } else { false }
    }
}

/// What the fields of one head say about its framing.
struct HTTPFraming {
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var hosts = 0
    private var asksClose = false
    private var asksKeepAlive = false

    /// Errors carry the place `offset`, the end of the head.
    init(of headers: HTTPHeaders, version: HTTPVersion, at offset: Int) throws(HTTPError) {
        try headers.forEach { name, value throws(HTTPError) in
            try read(HTTPFieldKind(name), value, at: offset)
        }
        try settle(version, at: offset)
    }

    /// Over fields that were read but not kept.
    init(
        of fields: [HTTPHeadField], in bytes: Span<UInt8>, version: HTTPVersion, at offset: Int
    ) throws(HTTPError) {
        for field in fields where field.kind.isFraming {
            try read(field.kind, bytes.extracting(field.value), at: offset)
        }
        try settle(version, at: offset)
    }

    private mutating func read(
        _ kind: HTTPFieldKind, _ value: Span<UInt8>, at offset: Int
    ) throws(HTTPError) {
        switch kind {
        case .host: hosts += 1
        case .connection: readConnection(value)
        case .contentLength: try readContentLength(value, at: offset)
        case .transferEncoding:
            guard !isChunked, value.equalsIgnoringCase("chunked") else {
                throw HTTPError(.unsupportedTransferEncoding, at: offset)
            }
            isChunked = true
        default: break
        }
    }

    private func settle(_ version: HTTPVersion, at offset: Int) throws(HTTPError) {
        if isChunked, contentLength != nil || version == .http10 {
            throw HTTPError(.conflictingFraming, at: offset)
        }
    }

    /// Whether another message may follow on the connection (RFC 9112 section 9.3).
    func keepAlive(_ version: HTTPVersion) -> Bool {
        switch version {
        case .http11: !asksClose
        case .http10: asksKeepAlive && !asksClose
        }
    }

    /// Digits only; a list of lengths is refused even if they agree (RFC 9112 section 6.3, item 5).
    private mutating func readContentLength(
        _ value: Span<UInt8>, at offset: Int
    ) throws(HTTPError) {
        guard !value.isEmpty, value[0] != UInt8(ascii: "-"), let length = value.decimalValue,
            let length = Int(exactly: length)
        else { throw HTTPError(.malformedContentLength, at: offset) }
        if let contentLength, contentLength != length {
            throw HTTPError(.conflictingContentLength, at: offset)
        }
        contentLength = length
    }

    private mutating func readConnection(_ value: Span<UInt8>) {
        HTTPGrammar.forEachElement(of: value) { option in
            if option.equalsIgnoringCase("close") { asksClose = true }
            if option.equalsIgnoringCase("keep-alive") { asksKeepAlive = true }
        }
    }
}

extension HTTPFraming {
    /// Fields that encoders write from a head's own properties, so that no stale or foreign copy
    /// of them can contradict the framing.
    static func isFramingField(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 10: name.equalsIgnoringCase("connection")
        case 14: name.equalsIgnoringCase("content-length")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        default: false
        }
    }
}

extension [UInt8] {
    /// Appends the field that announces the body, if any does.
    mutating func appendHTTP(framing body: HTTPBodyLength) {
        switch body {
        case .none, .untilClose: break
        case .chunked: append(text: "Transfer-Encoding: chunked\r\n")
        case .count(let length):
            append(text: "Content-Length: ")
            append(decimal: length)
            appendLineEnd()
        }
    }
}
