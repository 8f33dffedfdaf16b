// One request on its way to the origin, and all who wait for what it brings.

import Endpoints
import Linux
import Reactor
import Wire

/// What an answer of the origin is to those who wait for it.
@ReactorActor
final class FlightAnswer {
    /// End-to-end fields alone.
    let head: HTTPResponseHead
    let facts: ResponseFacts
    let variant: VaryKey
    let stream: BodyStream
    /// Requests other than the first may be answered with it as well.
    let isShareable: Bool
    let isStored: Bool

    init(
        head: HTTPResponseHead, facts: ResponseFacts, variant: VaryKey, stream: BodyStream,
        isShareable: Bool, isStored: Bool
    ) {
        self.head = head
        self.facts = facts
        self.variant = variant
        self.stream = stream
        self.isShareable = isShareable
        self.isStored = isStored
    }
}

@ReactorActor
final class Flight {
    enum Outcome {
        case answer(FlightAnswer)
        /// The origin said, by an answer of that status, that what is stored still holds.
        case renewed(StoredObject, by: Int)
        /// The origin failed, and what is stored may stand in.
        case stale(StoredObject)
        case failed(ClientError)
    }

    let key: CacheKey
    private(set) var outcome: Outcome?
    private(set) var interims: [HTTPResponseHead] = []
    /// Set when what it brings has been purged or invalidated meanwhile: it is not stored.
    var isObsolete = false
    var purgedTags: Set<String> = []
    /// The first reader's place in the content, from the moment that it is there until it is taken.
    private var leader: BodyReader?
    private var isLeaderGone = false
    private let changed = Turnstile()

    private static let interimsMax = 16
    private static let purgedTagsMax = 1024

    init(_ key: CacheKey) { self.key = key }

    func conclude(_ outcome: Outcome) {
        self.outcome = outcome
        changed.wakeAll()
    }

    /// Keeps a place for the one who started this, if that one still waits.
    func seat(_ reader: BodyReader?) {
        if isLeaderGone { reader?.close() } else { leader = reader }
    }

    func takeLeader() -> BodyReader? {
        defer { leader = nil }
        return leader
    }

    /// The one who started this wants nothing of it any longer.
    func leave() {
        isLeaderGone = true
        takeLeader()?.close()
    }

    /// Notes a 1xx other than 100, for those who want to see it at once.
    func note(interim: HTTPResponseHead) {
        guard interim.status != 100, interims.count < Self.interimsMax else { return }
        interims.append(interim)
        changed.wakeAll()
    }

    /// Notes that a tag was purged while this was under way.
    func note(purgedTag tag: String) {
        if purgedTags.count < Self.purgedTagsMax {
            purgedTags.insert(tag)
        } else {
            isObsolete = true
        }
    }

    /// Waits for the outcome and hands on the interim answers; nil once the deadline has passed.
    func outcome(
        deadline: MonotonicTime, onInterim: (HTTPResponseHead) -> Void
    ) async -> Outcome? {
        var shown = 0
        while true {
            while shown < interims.count {
                onInterim(interims[shown])
                shown += 1
            }
            if let outcome { return outcome }
            guard await changed.wait(deadline: deadline) else { return nil }
        }
    }
}
