// What a leader knows about one follower, and how much it may send before it hears back.
//
// A new leader knows nothing: it probes with one append at a time until the follower agrees somewhere.
// From then on it streams, without waiting for answers, up to a bound. A refusal leads back
// to probing. A follower whose next entry is compacted away gets a snapshot and nothing else meanwhile.

struct Progress: Sendable {
    enum State: Sendable, Equatable {
        /// One append at a time; `isWaiting` once it is under way.
        case probe(isWaiting: Bool)
        /// Streaming; the last indices of the appends that were not answered, oldest first.
        case replicate(inFlight: [LogIndex])
        /// The driver is sending a snapshot that ends at this index.
        case snapshot(LogIndex)
    }

    private(set) var state = State.probe(isWaiting: false)

    /// The follower's durable log agrees with ours through here; 0 <= match < next.
    private(set) var match = LogIndex.zero

    /// The next entry to send.
    private(set) var next: LogIndex

    /// Whether the follower was heard since the leader last checked its quorum.
    var isActive = false

    /// When it was last heard, by the leader's ticks; nil if it never was.
    private(set) var heardAt: Int?

    /// Its own clock, as it last told it.
    var stamp: Ticket?

    /// The last question of a peer that lost part of its log.
    var recoveryTicket: Ticket?

    /// The newest read round that the follower confirmed.
    private(set) var round: UInt64 = 0

    /// The commit index that it was last told in an append.
    private var commitSent = LogIndex.zero

    /// Set by a heartbeat's answer while entries are missing: an append may have been lost.
    private var isNudged = false

    private let inFlightMax: Int

    init(next: LogIndex, inFlightMax: Int) {
        self.next = next
        self.inFlightMax = inFlightMax
    }

    /// Whether an append would tell the follower anything, and may be sent now.
    func wantsAppend(last: LogIndex, commit: LogIndex) -> Bool {
        switch state {
        case .probe(let isWaiting): !isWaiting
        case .replicate(let inFlight):
            isNudged || commit > commitSent || (next <= last && inFlight.count < inFlightMax)
        case .snapshot: false
        }
    }

    /// Whether the next append may carry entries, or the window is full and it may only ask.
    var hasRoom: Bool {
        switch state {
        case .probe: true
        case .replicate(let inFlight): inFlight.count < inFlightMax
        case .snapshot: false
        }
    }

    mutating func didSend(_ request: AppendRequest) {
        isNudged = false
        commitSent = max(commitSent, request.commit)
        switch state {
        case .probe: state = .probe(isWaiting: true)
        case .replicate(var inFlight):
            guard let last = request.entries.last else { return }
            state = .probe(isWaiting: true)  // Gives up the second reference: no copy below.
            inFlight.append(last.index)
            next = last.index.next
            state = .replicate(inFlight: inFlight)
        case .snapshot: preconditionFailure("no appends while a snapshot is under way")
        }
    }

    mutating func heard(at ticks: Int) {
        isActive = true
        heardAt = ticks
    }

    mutating func didSendSnapshot(through index: LogIndex) { state = .snapshot(index) }
}

// MARK: - Answers

extension Progress {
    /// The follower agrees through an index. An old or repeated answer changes nothing.
    mutating func didMatch(_ index: LogIndex, base: LogIndex) {
        match = max(match, index)
        next = max(next, match.next)
        switch state {
        case .probe:
            guard index == match else { return }
            next = match.next
            state = .replicate(inFlight: [])
        case .replicate(var inFlight):
            state = .probe(isWaiting: true)
            inFlight.removeFirst(inFlight.prefix { $0 <= index }.count)
            state = .replicate(inFlight: inFlight)
        case .snapshot:
            // With all below the base present, the log can go on where the snapshot would end.
            if match >= base { restartProbe() }
        }
    }

    /// The follower lacks the entry `at`; `retry` is the last place where it may agree.
    ///
    /// Requests are answered in any order, so a refusal that does not belong to the present state
    /// is dropped: a probe has exactly one request open, and up to `match` a refusal is out of date.
    /// Or else a disk lost what it had confirmed; to ask that follower again and again would
    /// only flood the link. It is caught up by the next leader, who believes nothing of it.
    mutating func didReject(at index: LogIndex, retry: LogIndex) {
        guard index > match else { return }
        switch state {
        case .replicate: restartProbe()
        case .probe:
            guard index.next == next else { return }
            next = max(min(index, retry.next), match.next)
            state = .probe(isWaiting: false)
        case .snapshot: break
        }
    }

    /// The follower answered a heartbeat.
    mutating func didConfirm(round confirmed: UInt64, last: LogIndex) {
        round = max(round, confirmed)
        switch state {
        case .probe: state = .probe(isWaiting: false)
        case .replicate: isNudged = match < last
        case .snapshot: break
        }
    }

    /// The driver could not deliver messages: what is in flight is lost.
    mutating func becameUnreachable() {
        if case .replicate = state { restartProbe() }
    }

    /// What the follower confirmed is gone from its disk: it is probed like an unknown one. A snapshot
    /// that is under way goes on; the driver says when it is over.
    mutating func didLoseLog(next end: LogIndex) {
        match = .zero
        if case .snapshot = state { return }
        next = end
        state = .probe(isWaiting: false)
    }

    /// The driver is done with a snapshot. The follower's own answer may come later, or be lost.
    mutating func didFinishSnapshot(isDelivered: Bool) {
        guard case .snapshot(let index) = state else { return }
        next = max(match, isDelivered ? index : .zero).next
        state = .probe(isWaiting: true)  // A heartbeat's answer lets it go on.
    }

    private mutating func restartProbe() {
        next = match.next
        state = .probe(isWaiting: false)
    }
}
