// When the rounds of heartbeats began, by the leader's own clock.
//
// A majority that answers a round proves that the leader still led when the round began; everything
// that follows from that (a lease, an age of the knowledge) counts from there, not from the answers,
// which may have been under way for long (dissertation 6.4.1).

struct HeartbeatRounds: Sendable {
    /// Number of the newest round; zero before the first. Never used again in this term.
    private(set) var newest: UInt64 = 0

    /// Ascending; of several rounds in one tick only the first, which stands for all of them.
    private var starts: [Start] = []

    private struct Start: Sendable {
        let round: UInt64
        let tick: Int
    }

    mutating func begin(at now: Int) {
        newest += 1
        guard starts.last?.tick != now else { return }
        starts.append(Start(round: newest, tick: now))
    }

    /// The tick in which a round began; nil for one that is forgotten or was never begun.
    func start(of round: UInt64) -> Int? {
        guard round <= newest else { return nil }
        return starts.last { $0.round <= round }?.tick
    }

    /// Forgets the rounds before one that is confirmed.
    mutating func forget(before confirmed: UInt64) {
        let later = starts.firstIndex { $0.round > confirmed } ?? starts.count
        starts.removeFirst(max(0, later - 1))
    }
}
