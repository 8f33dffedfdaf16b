// Where the parts of a head stand in the bytes it came in, for a proxy that copies most of them on as
// they are: no strings, no copy, and the room for the places is used again for the next head. The rules
// are those of `HTTPRequestHead` and `HTTPResponseHead`, by the same parser.

/// One field line: name, colon, value, line end.
package struct HTTPHeadField: Sendable {
    private let lineStart: Int32
    private let lineEnd: Int32
    private let nameEnd: Int32
    private let valueStart: Int32
    private let valueEnd: Int32
    package let kind: HTTPFieldKind

    init(_ slot: HTTPHeaders.Slot, _ kind: HTTPFieldKind) {
        lineStart = Int32(slot.line.lowerBound)
        lineEnd = Int32(slot.line.upperBound)
        nameEnd = Int32(slot.name.upperBound)
        valueStart = Int32(slot.value.lowerBound)
        valueEnd = Int32(slot.value.upperBound)
        self.kind = kind
    }

    package var line: Range<Int> { Int(lineStart)..<Int(lineEnd) }
    package var name: Range<Int> { Int(lineStart)..<Int(nameEnd) }
    package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}

/// The places of one head, all counted from the start of the span that was read.
package struct HTTPHeadMap: Sendable {
    package private(set) var fields: [HTTPHeadField] = []
    package private(set) var version = HTTPVersion.http11
    package private(set) var body = HTTPBodyLength.none
    /// False when no further message follows on the connection.
    package private(set) var keepAlive = true

    // Of a request.
    package private(set) var method = 0..<0
    package private(set) var target = 0..<0

    // Of an answer.
    package private(set) var status = 0
    /// The space, the status, the reason and the line end.
    package private(set) var statusLine = 0..<0

    package init() {}

    /// Reads a request's head; its length, or nil when its last byte has not arrived.
    package mutating func readRequest(
        _ bytes: Span<UInt8>, limits: HTTPLimits
    ) throws(HTTPError) -> Int? {
        var parser = HTTPHeadParser(bytes, limits: limits)
        parser.skipEmptyLines()
        let start = parser.index
        guard let method = try parser.method() else { return try more(parser) }
        self.method = start..<start + method.count
        let targetStart = parser.index
        guard let target = try parser.target(of: method) else { return try more(parser) }
        self.target = targetStart..<targetStart + target.count
        guard let version = try parser.version(), try parser.lineEnd(else: .malformedVersion) else {
            return try more(parser)
        }
        self.version = version
        guard let framing = try readFields(&parser, bytes) else { return try more(parser) }
        if framing.hosts > 1 { throw HTTPError(.repeatedHost, at: parser.index) }
        if framing.hosts == 0, version == .http11 {
            throw HTTPError(.missingHost, at: parser.index)
        }
        body = framing.isChunked ? .chunked : framing.contentLength.map { .count($0) } ?? .none
        return parser.index
    }

    /// Reads an answer's head; its length, or nil when its last byte has not arrived.
    package mutating func readResponse(
        _ bytes: Span<UInt8>, toHead: Bool, limits: HTTPLimits
    ) throws(HTTPError) -> Int? {
        var parser = HTTPHeadParser(bytes, limits: limits)
        guard let version = try parser.version() else { return try more(parser) }
        self.version = version
        let lineStart = parser.index
        guard let status = try parser.status(), try parser.reason() != nil else {
            return try more(parser)
        }
        self.status = status
        statusLine = lineStart..<parser.index
        guard let framing = try readFields(&parser, bytes) else { return try more(parser) }
        // RFC 9112 section 6.3, items 1, 4, 6 and 8.
        if toHead || HTTPResponseHead.hasNoContent(status) {
            body = .none
        } else if framing.isChunked {
            body = .chunked
        } else {
            body = framing.contentLength.map { .count($0) } ?? .untilClose
        }
        if body == .untilClose { keepAlive = false }
        return parser.index
    }

    private mutating func readFields(
        _ parser: inout HTTPHeadParser, _ bytes: Span<UInt8>
    ) throws(HTTPError) -> HTTPFraming? {
        fields.removeAll(keepingCapacity: true)
        guard try parser.fields(into: &fields) else { return nil }
        let framing = try HTTPFraming(of: fields, in: bytes, version: version, at: parser.index)
        keepAlive = framing.keepAlive(version)
        return framing
    }

    private func more(_ parser: borrowing HTTPHeadParser) throws(HTTPError) -> Int? {
        try parser.expectMore()
        return nil
    }
}

package extension HTTPHeadMap {
    /// The value of the first field of that kind.
    func value(of kind: HTTPFieldKind) -> Range<Int>? {
        for field in fields where field.kind == kind { return field.value }
        return nil
    }

    /// Whether `Connection` names this field as one of its own (RFC 9110 section 7.6.1).
    func isNominated(_ field: HTTPHeadField, in bytes: Span<UInt8>) -> Bool {
        guard field.kind != .host, field.kind != .contentLength else { return false }
        let name = bytes.extracting(field.name)
        var isNamed = false
        for connection in fields where connection.kind == .connection {
            HTTPGrammar.forEachElement(of: bytes.extracting(connection.value)) { element in
                if element.equalsIgnoringCase(name) { isNamed = true }
            }
        }
        return isNamed
    }

    /// Whether `Connection` names anything but the two words that concern keeping it.
    func nominates(in bytes: Span<UInt8>) -> Bool {
        var names = false
        for connection in fields where connection.kind == .connection {
            HTTPGrammar.forEachElement(of: bytes.extracting(connection.value)) { element in
                let isUsual =
                    element.equalsIgnoringCase("close") || element.equalsIgnoringCase("keep-alive")
                if !isUsual { names = true }
            }
        }
        return names
    }
}
