// Content on its way from the origin, with everybody who reads it: the one who asked first and those
// who came while it was coming.
//
// Content that is to be stored is kept from its first byte, so a reader may come late. Other content
// is dropped once all have read it, and the origin is read no faster than the slowest reader takes it,
// so that a large file through a slow client costs a window of memory and not the file.

import Linux
import Reactor

@ReactorActor
final class BodyStream {
    enum End {
        case complete
        /// The origin broke off: whoever got a part must see that it is one.
        case failed
    }

    /// Bytes that may wait for the slowest reader where the content is not kept.
    static let windowBytes = 256 << 10

    private var pieces: [[UInt8]] = []
    /// Pieces dropped from the front.
    private var dropped = 0
    /// By reader, the number of the piece that it reads next.
    private var readers: [Int: Int] = [:]
    private var readerNext = 0
    private var waitingBytes = 0
    private let grown = Turnstile()
    private let drained = Turnstile()
    /// Bytes so far.
    private(set) var count = 0
    private(set) var end: End?
    private(set) var isKept: Bool

    init(isKept: Bool) { self.isKept = isKept }

    // MARK: The producer's side

    func append(_ piece: [UInt8]) {
        if piece.isEmpty { return }
        pieces.append(piece)
        count += piece.count
        waitingBytes += piece.count
        grown.wakeAll()
    }

    func finish(_ end: End) {
        if self.end != nil { return }
        self.end = end
        grown.wakeAll()
    }

    /// Gives up keeping it, for it has become too large to be stored.
    func stopKeeping() {
        isKept = false
        trim()
    }

    /// Waits until more may come; false when nobody wants it any longer.
    func waitForRoom(deadline: MonotonicTime) async -> Bool {
        if isKept { return true }
        while !readers.isEmpty, waitingBytes > Self.windowBytes {
            guard await drained.wait(deadline: deadline) else { return false }
        }
        return !readers.isEmpty
    }

    /// All of it in one piece; only of content that is kept.
    func whole() -> [UInt8] {
        precondition(isKept, "what was dropped cannot be put together")
        if pieces.count == 1 { return pieces[0] }
        var whole: [UInt8] = []
        whole.reserveCapacity(count)
        for piece in pieces { whole.append(contentsOf: piece) }
        return whole
    }

    // MARK: The readers' side

    /// A reader from the first byte; nil when that is gone already.
    func attach() -> BodyReader? {
        if dropped > 0 { return nil }
        let id = readerNext
        readerNext += 1
        readers[id] = 0
        return BodyReader(self, id)
    }

    /// The next piece if it is there.
    fileprivate func take(_ id: Int) -> [UInt8]? {
        guard let place = readers[id], place - dropped < pieces.count else { return nil }
        let piece = pieces[place - dropped]
        readers[id] = place + 1
        trim()
        return piece
    }

    fileprivate func waitForMore(_ deadline: MonotonicTime) async -> Bool {
        await grown.wait(deadline: deadline)
    }

    fileprivate func detach(_ id: Int) {
        readers[id] = nil
        trim()
        drained.wakeAll()
    }

    private func trim() {
        guard !isKept else { return }
        let least = readers.values.min() ?? dropped + pieces.count
        let count = min(pieces.count, least - dropped)
        guard count > 0 else { return }
        for piece in pieces.prefix(count) { waitingBytes -= piece.count }
        pieces.removeFirst(count)
        dropped += count
        drained.wakeAll()
    }
}

/// One reader of a stream; it must be closed.
@ReactorActor
final class BodyReader {
    enum Piece {
        case bytes([UInt8])
        case end
        case failed
    }

    private let stream: BodyStream
    private let id: Int
    private var isClosed = false

    fileprivate init(_ stream: BodyStream, _ id: Int) {
        self.stream = stream
        self.id = id
    }

    /// What can be had without waiting; nil when the origin has not sent more.
    func available() -> Piece? {
        if let piece = stream.take(id) { return .bytes(piece) }
        switch stream.end {
        case .complete: return .end
        case .failed: return .failed
        case nil: return nil
        }
    }

    func next(deadline: MonotonicTime) async -> Piece {
        while true {
            if let piece = available() { return piece }
            guard await stream.waitForMore(deadline) else { return .failed }
        }
    }

    func close() {
        if isClosed { return }
        isClosed = true
        stream.detach(id)
    }
}
