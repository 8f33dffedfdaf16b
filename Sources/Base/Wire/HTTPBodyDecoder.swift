// Takes the content of one message off a connection, in whatever pieces it arrives.
//
// Chunked coding (RFC 9112 section 7.1) is read by a state machine, one byte a step outside the
// data, since a read may end anywhere:
//
//     5;ext=1\r\n hello\r\n 0\r\n Trailer: x\r\n \r\n
//
// Extensions and trailer fields are checked, counted against a limit, and dropped.

package struct HTTPBodyDecoder: Sendable {
    private enum State: Hashable {
        /// Content-Length exceeds the limit; the first call says so.
        case refused
        /// 0 < left
        case counted(left: Int)
        case untilClose
        case size(value: Int, digits: Int)
        case chunkExtension(size: Int)
        case sizeLineFeed(size: Int)
        /// 0 < left
        case data(left: Int)
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case done
    }

    private var state: State
    private let limits: HTTPLimits
    /// Bytes of content so far, at most `limits.bodyBytesMax`.
    private var received = 0
    /// Bytes of extensions and trailers so far, at most `limits.chunkOverheadBytesMax`.
    private var overhead = 0

    package init(_ length: HTTPBodyLength, limits: HTTPLimits = .standard) {
        self.limits = limits
        switch length {
        case .none, .count(0): state = .done
        case .count(let count):
            precondition(count > 0, "a length is not negative")
            state = count > limits.bodyBytesMax ? .refused : .counted(left: count)
        case .chunked: state = .size(value: 0, digits: 0)
        case .untilClose: state = .untilClose
        }
    }

    /// True when the last byte has been taken; the next byte belongs to another message.
    package var isDone: Bool { state == .done }

    /// Takes bytes up to the end of the message and appends the content among them.
    package mutating func consume(
        _ bytes: Span<UInt8>, into body: inout [UInt8]
    ) throws(HTTPError) -> (consumed: Int, done: Bool) {
        var index = 0
        while index < bytes.count, state != .done {
            switch state {
            case .counted(let left):
                let count = try take(left, of: bytes, from: index, into: &body)
                state = count == left ? .done : .counted(left: left - count)
                index += count
            case .data(let left):
                let count = try take(left, of: bytes, from: index, into: &body)
                state = count == left ? .dataReturn : .data(left: left - count)
                index += count
            case .untilClose:
                index += try take(bytes.count - index, of: bytes, from: index, into: &body)
            case .refused: throw tooLarge(at: index)
            case .size, .chunkExtension, .sizeLineFeed, .dataReturn, .dataLineFeed, .trailerStart,
                .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed, .done:
                try step(over: bytes[index], at: index)
                index += 1
            }
        }
        return (index, isDone)
    }

    /// Call when the peer has closed its side: the end of a body only if closing is what ends it.
    package mutating func finish() throws(HTTPError) {
        guard state == .done || state == .untilClose else { throw HTTPError(.truncatedBody, at: 0) }
        state = .done
    }

    private mutating func take(
        _ countMax: Int, of bytes: Span<UInt8>, from index: Int, into body: inout [UInt8]
    ) throws(HTTPError) -> Int {
        let count = min(countMax, bytes.count - index)
        guard count <= limits.bodyBytesMax - received else { throw tooLarge(at: index) }
        received += count
        body.append(copying: bytes.extracting(index..<index + count))
        return count
    }

    private func tooLarge(at offset: Int) -> HTTPError {
        HTTPError(.bodyTooLarge(bytesMax: limits.bodyBytesMax), at: offset)
    }
}

// MARK: - Chunks

extension HTTPBodyDecoder {
    /// Moves on by one byte that is not content.
    private mutating func step(over byte: UInt8, at offset: Int) throws(HTTPError) {
        switch state {
        case .size(let value, let digits):
            state = try sizeState(value, digits, behind: byte, at: offset)
        case .chunkExtension(let size):
            if byte == 0x0D {
                state = .sizeLineFeed(size: size)
            } else {
                try countOverhead(byte, at: offset)
            }
        case .sizeLineFeed(let size):
            try expect(0x0A, byte, at: offset)
            guard size <= limits.bodyBytesMax - received else { throw tooLarge(at: offset) }
            state = size == 0 ? .trailerStart : .data(left: size)
        case .dataReturn:
            try expect(0x0D, byte, at: offset)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(0x0A, byte, at: offset)
            state = .size(value: 0, digits: 0)
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            try stepTrailer(over: byte, at: offset)
        case .refused, .counted, .untilClose, .data, .done:
            preconditionFailure("content is taken whole, not byte by byte")
        }
    }

    private func sizeState(
        _ value: Int, _ digits: Int, behind byte: UInt8, at offset: Int
    ) throws(HTTPError) -> State {
        if let digit = byte.hexadecimalValue {
            // Fifteen digits are 60 bits: more could overflow, and no one sends more.
            guard digits < 15 else { throw HTTPError(.malformedChunk, at: offset) }
            return .size(value: value << 4 | Int(digit), digits: digits + 1)
        }
        guard digits > 0 else { throw HTTPError(.malformedChunk, at: offset) }
        switch byte {
        case 0x0D: return .sizeLineFeed(size: value)
        case 0x20, 0x09, UInt8(ascii: ";"): return .chunkExtension(size: value)
        default: throw HTTPError(.malformedChunk, at: offset)
        }
    }

    /// The trailer section (RFC 9112 section 7.1.2): field lines as in a head.
    private mutating func stepTrailer(over byte: UInt8, at offset: Int) throws(HTTPError) {
        switch state {
        case .trailerStart where byte == 0x0D: state = .lastLineFeed
        case .trailerStart:
            if HTTPGrammar.isSpace(byte) { throw HTTPError(.foldedField, at: offset) }
            guard HTTPGrammar.isToken(byte) else {
                throw HTTPError(.malformedFieldName, at: offset)
            }
            try countOverhead(byte, at: offset)
            state = .trailerName
        case .trailerName:
            try countOverhead(byte, at: offset)
            if byte == UInt8(ascii: ":") {
                state = .trailerValue
            } else if !HTTPGrammar.isToken(byte) {
                throw HTTPError(.malformedFieldName, at: offset)
            }
        case .trailerValue where byte == 0x0D: state = .trailerLineFeed
        case .trailerValue: try countOverhead(byte, at: offset)
        case .trailerLineFeed:
            try expect(0x0A, byte, at: offset)
            state = .trailerStart
        case .lastLineFeed:
            try expect(0x0A, byte, at: offset)
            state = .done
        case .refused, .counted, .untilClose, .size, .chunkExtension, .sizeLineFeed, .data,
            .dataReturn, .dataLineFeed, .done:
            preconditionFailure("not in the trailer section")
        }
    }

    private mutating func countOverhead(_ byte: UInt8, at offset: Int) throws(HTTPError) {
        guard HTTPGrammar.isFieldValue(byte) else { throw HTTPError(.malformedChunk, at: offset) }
        guard overhead < limits.chunkOverheadBytesMax else {
            throw HTTPError(
                .chunkOverheadTooLarge(bytesMax: limits.chunkOverheadBytesMax), at: offset)
        }
        overhead += 1
    }

    private func expect(_ wanted: UInt8, _ byte: UInt8, at offset: Int) throws(HTTPError) {
        guard byte == wanted else { throw HTTPError(.malformedChunk, at: offset) }
    }
}

// MARK: - The writing side

package extension [UInt8] {
    /// Appends one chunk; nothing for no content, since an empty chunk would end the body.
    mutating func appendHTTP(chunk content: Span<UInt8>) {
        guard !content.isEmpty else { return }
        append(hexadecimal: content.count)
        appendLineEnd()
        append(copying: content)
        appendLineEnd()
    }

    /// Appends the chunk of size zero and the empty trailer section.
    mutating func appendHTTPLastChunk() {
        append(text: "0\r\n\r\n")
    }
}
