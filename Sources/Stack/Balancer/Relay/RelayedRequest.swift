// What a session remembers of the request in its hands.

import Linux
import Wire

struct RelayedRequest {
    var start = MonotonicTime(nanoseconds: 0)
    /// When it must be over, all tries together; moves on while its content is still coming.
    var deadline = MonotonicTime(nanoseconds: 0)
    /// From the end of its content to the deadline.
    var allowance: Duration = .zero
    var id = RequestID.made(0)
    /// For consistent hashing.
    var key: UInt64 = 0
    var isHead = false
    /// By its method.
    var isIdempotent = false
    /// It carries a key by which the application knows it again.
    var hasKey = false
    var isHTTP10 = false
    var keepAlive = true
    /// The head as backends get it and the content so far, while that fits: what a retry sends.
    var outgoing: [UInt8] = []
    var deadlinePlace = 0..<0
    /// False once content went on that was not kept.
    var isReplayable = true
    var upload = BodyFlow.none
    /// Backends that had it.
    var tried: [Int] = []
    /// Taken from the budget.
    var retries = 0
    /// A try was sent that may have had its effect.
    var mayBeDone = false
    /// The head of an answer has gone out.
    var isAnswered = false
    var status = 0
    /// Bytes of the answer's content.
    var answerBytes = 0
    /// For the access log, where there is one.
    var line: AccessLine?
    var backend = -1

    /// Whether a second try cannot do harm that the first did not.
    var mayRepeat: Bool { isIdempotent || hasKey }

    /// Takes content off the front of the bytes and puts it behind what goes out; the number taken.
    mutating func takeUpload(_ bytes: Span<UInt8>) throws(HTTPError) -> Int {
        try upload.relay(bytes, into: &outgoing)
    }

    /// Makes it fresh, with the room that it has.
    mutating func reset() {
        outgoing.removeAll(keepingCapacity: true)
        tried.removeAll(keepingCapacity: true)
        line = nil
        key = 0
        hasKey = false
        isReplayable = true
        upload = .none
        retries = 0
        mayBeDone = false
        isAnswered = false
        status = 0
        answerBytes = 0
        backend = -1
    }
}

/// Why a try brought no answer that could be passed on.
struct TryFailure {
    enum Kind { case unreachable, unanswered, malformed }

    var kind: Kind
    var isTimeout: Bool
    /// What the client is told if this stays the last word.
    var text: String

    var isWithoutEffect: Bool { kind == .unreachable }
    /// The connection ended, or none came about, and not for want of patience.
    var isBroken: Bool { kind != .malformed && !isTimeout }
    var status: Int { isTimeout ? 504 : 502 }
}
