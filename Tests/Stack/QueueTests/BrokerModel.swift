// The queue as a list that is searched from end to end: slow, short, and easy to believe.
//
// It knows nothing of heaps, windows or compaction. Each fact carries the index of the record that
// told it, so a crash is the model with the facts behind an index taken out.

import Linux

@testable import Queue

struct BrokerModel {
    struct Message {
        let id: Int
        let offset: UInt64
        let index: UInt64
        let time: Int64
        var doneAt: UInt64?
        /// The records of its deliveries.
        var deliveries: [UInt64] = []
        var place = Place.settling
    }

    enum Place: Equatable {
        case settling
        /// The lower rank goes first.
        case ready(rank: Rank)
        case inFlight(tag: String, until: Int64)
    }

    /// Expired ones by offset, then the others in the order in which they became ready.
    struct Rank: Comparable {
        let isNew: Bool
        let order: UInt64

        static func < (left: Rank, right: Rank) -> Bool {
            left.isNew == right.isNew ? left.order < right.order : right.isNew
        }
    }

    let windowCountMax: Int
    var messages: [Message] = []
    private var arrivals: UInt64 = 0

    init(windowCountMax: Int) { self.windowCountMax = windowCountMax }

    var nextOffset: UInt64 { (messages.last?.offset).map { $0 + 1 } ?? 0 }

    private var done: [Message] {
        messages.filter { $0.doneAt != nil }.sorted { ($0.doneAt ?? 0) < ($1.doneAt ?? 0) }
    }

    /// The offset that a second ENQUEUE of the id is answered with.
    func offset(of id: Int) -> UInt64? { knownOffsets[id] }

    var knownOffsets: [Int: UInt64] {
        let known = messages.filter { $0.doneAt == nil } + done.suffix(windowCountMax)
        return Dictionary(known.map { ($0.id, $0.offset) }, uniquingKeysWith: max)
    }

    mutating func enqueue(_ id: Int, at index: UInt64, time: Int64) {
        messages.append(Message(id: id, offset: nextOffset, index: index, time: time))
    }

    mutating func settle(through index: UInt64) {
        for position in messages.indices
        where messages[position].place == .settling && messages[position].index <= index {
            messages[position].place = .ready(rank: nextRank())
        }
    }

    mutating func expire(_ now: Int64) {
        for position in messages.indices {
            if case .inFlight(_, let until) = messages[position].place, until <= now {
                let rank = Rank(isNew: false, order: messages[position].offset)
                messages[position].place = .ready(rank: rank)
            }
        }
    }

    /// The position of what goes out next.
    var next: Int? {
        let ready = messages.indices.compactMap { position -> (Rank, Int)? in
            guard messages[position].doneAt == nil,
                case .ready(let rank) = messages[position].place
            else { return nil }
            return (rank, position)
        }
        return ready.min { $0.0 < $1.0 }?.1
    }

    /// The position of what a tag names, if that delivery still stands.
    func position(of tag: String) -> Int? {
        messages.firstIndex { message in
            guard message.doneAt == nil, case .inFlight(tag, _) = message.place else {
                return false
            }
            return true
        }
    }

    mutating func giveBack(_ position: Int) { messages[position].place = .ready(rank: nextRank()) }

    func count(_ isCounted: (Place) -> Bool) -> Int {
        messages.count { $0.doneAt == nil && isCounted($0.place) }
    }

    func oldestAge(_ now: Int64) -> Int64 {
        messages.first { $0.doneAt == nil }.map { now - $0.time } ?? 0
    }

    /// Forgets everything that records behind the index told; the rest is ready, by offset.
    mutating func crash(keeping index: UInt64) {
        messages.removeAll { $0.index > index }
        for position in messages.indices {
            if let done = messages[position].doneAt, done > index {
                messages[position].doneAt = nil
            }
            messages[position].deliveries.removeAll { $0 > index }
            messages[position].place = .ready(rank: nextRank())
        }
    }

    private mutating func nextRank() -> Rank {
        arrivals += 1
        return Rank(isNew: true, order: arrivals)
    }
}
