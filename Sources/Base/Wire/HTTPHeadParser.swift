// The reading side that request and response heads share: a place in a span, stepping over the
// start line's parts and the field section in one pass.
//
// Every step returns nil when the bytes run out before its end, and throws as soon as the bytes that
// are there can no longer become a valid head. Where RFC 9112 lets a recipient be lenient (bare line
// feeds, folded fields, white space before a colon) this one refuses, because a peer of another
// mind about where a field ends is all that smuggling needs.

struct HTTPHeadParser: ~Escapable {
    private let bytes: Span<UInt8>
    private let limits: HTTPLimits
    private let mayGrow: Bool
    private(set) var index = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, limits: HTTPLimits) {
        self.bytes = bytes.extracting(first: limits.headBytesMax)
        self.limits = limits
        mayGrow = bytes.count < limits.headBytesMax
    }

    /// Call when a step returned nil: throws if the head is as large as it may be already.
    func expectMore() throws(HTTPError) {
        guard mayGrow else {
            throw HTTPError(.headTooLarge(bytesMax: limits.headBytesMax), at: bytes.count)
        }
    }

    /// Steps over empty lines before a request (RFC 9112 section 2.2).
    mutating func skipEmptyLines() {
        while index + 1 < bytes.count, bytes[index] == 0x0D, bytes[index + 1] == 0x0A { index += 2 }
    }

    /// The method and the space behind it.
    @_lifetime(copy self)
    mutating func method() throws(HTTPError) -> Span<UInt8>? {
        let start = index
        index = end(from: index, of: HTTPGrammar.isToken)
        guard index < bytes.count else { return nil }
        // The first half of an empty line, before its other half arrives.
        if index == start, bytes[index] == 0x0D, index + 1 == bytes.count { return nil }
        guard index > start, bytes[index] == 0x20 else {
            throw HTTPError(.malformedMethod, at: index)
        }
        index += 1
        return bytes.extracting(start..<index - 1)
    }

    /// The target and the space behind it.
    @_lifetime(copy self)
    mutating func target(of method: Span<UInt8>) throws(HTTPError) -> Span<UInt8>? {
        let start = index
        index = end(from: index) { HTTPGrammar.isTarget($0) }
        guard index < bytes.count else { return nil }
        let target = bytes.extracting(start..<index)
        guard bytes[index] == 0x20, HTTPGrammar.isTarget(target, of: method) else {
            throw HTTPError(.malformedTarget, at: index)
        }
        index += 1
        return target
    }

    /// `HTTP/1.x`, not what follows it (RFC 9112 section 2.3).
    mutating func version() throws(HTTPError) -> HTTPVersion? {
        let expected: StaticString = "HTTP/"
        for place in 0..<5 {
            guard index + place < bytes.count else { return nil }
            // The literal's bytes live as long as the program.
            guard unsafe bytes[index + place] == expected.utf8Start[place] else {
                throw HTTPError(.malformedVersion, at: index + place)
            }
        }
        guard index + 7 < bytes.count else { return nil }
        let major = bytes[index + 5] &- UInt8(ascii: "0")
        let minor = bytes[index + 7] &- UInt8(ascii: "0")
        guard major <= 9, minor <= 9, bytes[index + 6] == UInt8(ascii: ".") else {
            throw HTTPError(.malformedVersion, at: index + 5)
        }
        guard major == 1 else { throw HTTPError(.unsupportedVersion, at: index + 5) }
        index += 8
        return minor == 0 ? .http10 : .http11
    }

    /// The space and the three digits behind the version (RFC 9112 section 4).
    mutating func status() throws(HTTPError) -> Int? {
        guard index < bytes.count else { return nil }
        guard bytes[index] == 0x20 else { throw HTTPError(.malformedStatus, at: index) }
        var status = 0
        for place in 1...3 {
            guard index + place < bytes.count else { return nil }
            let digit = bytes[index + place] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw HTTPError(.malformedStatus, at: index + place) }
            status = status * 10 + Int(digit)
        }
        guard status >= 100 else { throw HTTPError(.malformedStatus, at: index + 1) }
        index += 4
        return status
    }

    /// The rest of the status line. The space before an empty reason is often left out.
    @_lifetime(copy self)
    mutating func reason() throws(HTTPError) -> Span<UInt8>? {
        guard index < bytes.count else { return nil }
        if bytes[index] == 0x20 {
            index += 1
        } else if bytes[index] != 0x0D {
            throw HTTPError(.malformedStatus, at: index)
        }
        let start = index
        index = end(from: index, of: HTTPGrammar.isFieldValue)
        let end = index
        guard try lineEnd(else: .malformedStatus) else { return nil }
        return bytes.extracting(start..<end)
    }

    /// Where the run of bytes of that class ends.
    private func end(from start: Int, of isMember: (UInt8) -> Bool) -> Int {
        var end = start
        while end < bytes.count, isMember(bytes[end]) { end += 1 }
        return end
    }

    /// Steps over the line end under the cursor; false when it has not arrived whole.
    mutating func lineEnd(else reason: HTTPError.Reason) throws(HTTPError) -> Bool {
        guard index < bytes.count else { return false }
        guard bytes[index] == 0x0D else {
            throw HTTPError(bytes[index] == 0x0A ? .malformedLineEnd : reason, at: index)
        }
        guard index + 1 < bytes.count else { return false }
        guard bytes[index + 1] == 0x0A else { throw HTTPError(.malformedLineEnd, at: index + 1) }
        index += 2
        return true
    }
}

// MARK: - Fields

extension HTTPHeadParser {
    /// The field section and the empty line that ends it (RFC 9112 section 5).
    mutating func fields() throws(HTTPError) -> HTTPHeaders? {
        let start = index
        var slots: [HTTPHeaders.Slot] = []
        slots.reserveCapacity(12)
        while index < bytes.count, bytes[index] != 0x0D {
            guard slots.count < limits.fieldsMax else {
                throw HTTPError(.tooManyFields(fieldsMax: limits.fieldsMax), at: index)
            }
            guard let slot = try field(of: start) else { return nil }
            slots.append(slot)
        }
        let end = index
        guard try lineEnd(else: .malformedFieldName) else { return nil }
        return HTTPHeaders(section: bytes.extracting(start..<end), slots: slots)
    }

    /// The field section into places of the whole span; false while it is incomplete.
    mutating func fields(into fields: inout [HTTPHeadField]) throws(HTTPError) -> Bool {
        while index < bytes.count, bytes[index] != 0x0D {
            guard fields.count < limits.fieldsMax else {
                throw HTTPError(.tooManyFields(fieldsMax: limits.fieldsMax), at: index)
            }
            guard let slot = try field(of: 0) else { return false }
            fields.append(HTTPHeadField(slot, HTTPFieldKind(bytes.extracting(slot.name))))
        }
        return try lineEnd(else: .malformedFieldName)
    }

    /// One field line; its places count from the section's start.
    private mutating func field(of section: Int) throws(HTTPError) -> HTTPHeaders.Slot? {
        let nameStart = index
        if HTTPGrammar.isSpace(bytes[index]) { throw HTTPError(.foldedField, at: index) }
        index = end(from: index, of: HTTPGrammar.isToken)
        guard index < bytes.count else { return nil }
        let nameEnd = index
        guard nameEnd > nameStart, bytes[nameEnd] == UInt8(ascii: ":") else {
            throw HTTPError(.malformedFieldName, at: nameEnd)
        }
        index += 1
        let valueStart = index
        index = end(from: index, of: HTTPGrammar.isFieldValue)
        let value = HTTPGrammar.trimmed(valueStart..<index, in: bytes)
        guard try lineEnd(else: .malformedFieldValue) else { return nil }
        return HTTPHeaders.Slot(
            line: nameStart - section..<index - section,
            name: nameStart - section..<nameEnd - section,
            value: value.lowerBound - section..<value.upperBound - section)
    }
}
