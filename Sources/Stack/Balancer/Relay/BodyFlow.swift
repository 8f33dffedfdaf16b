// The content of one message on its way through: taken from one connection in whatever pieces it comes
// and written for the other, chunks taken apart and made anew, so that what goes out has one reading
// whatever came in. Nothing is kept: the pieces go out as they come.

import Wire

struct BodyFlow: Sendable {
    private enum State: Sendable {
        case done
        /// 0 < left
        case counted(left: Int)
        case chunked(HTTPBodyDecoder)
        case untilClose
    }

    private var state: State
    /// Whether what goes out is in chunks; else it is plain, ended by its count or by closing.
    private let writesChunks: Bool
    /// Bytes of content so far.
    private(set) var count = 0

    static let none = BodyFlow(.none, writesChunks: false, limits: .standard)

    init(_ length: HTTPBodyLength, writesChunks: Bool, limits: HTTPLimits) {
        self.writesChunks = writesChunks
        state =
            switch length {
            case .none, .count(0): .done
            case .count(let count): .counted(left: count)
            case .chunked: .chunked(HTTPBodyDecoder(.chunked, limits: limits))
            case .untilClose: .untilClose
            }
    }

    var isDone: Bool {
        if case .done = state { true } else { false }
    }

    /// Takes bytes up to the end of the content and appends what goes out for them; the number taken.
    mutating func relay(
        _ bytes: Span<UInt8>, into out: inout [UInt8]
    ) throws(HTTPError) -> Int {
        switch state {
        case .done: return 0
        case .counted(let left):
            let taken = min(left, bytes.count)
            out.append(copying: bytes.extracting(first: taken))
            count += taken
            state = taken == left ? .done : .counted(left: left - taken)
            return taken
        case .untilClose:
            write(bytes, to: &out)
            count += bytes.count
            return bytes.count
        case .chunked(var decoder):
            var content: [UInt8] = []
            let taken = try decoder.consume(bytes, into: &content)
            write(content.span, to: &out)
            count += content.count
            if taken.done, writesChunks { out.appendHTTPLastChunk() }
            state = taken.done ? .done : .chunked(decoder)
            return taken.consumed
        }
    }

    /// The peer sends nothing more; throws unless that is how the content ends.
    mutating func end(into out: inout [UInt8]) throws(HTTPError) {
        switch state {
        case .done: return
        case .untilClose:
            if writesChunks { out.appendHTTPLastChunk() }
            state = .done
        case .counted:
            var decoder = HTTPBodyDecoder(.count(1))
            try decoder.finish()
        case .chunked(var decoder): try decoder.finish()
        }
    }

    private func write(_ content: Span<UInt8>, to out: inout [UInt8]) {
        if writesChunks {
            out.appendHTTP(chunk: content)
        } else {
            out.append(copying: content)
        }
    }
}
