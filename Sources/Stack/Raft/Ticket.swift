// Names for what a follower asks of its leader, so that an answer finds its question and no other.
//
// A follower that restarts counts from the beginning again, while answers to its former life may still be
// under way; taken for answers to new questions they would make reads stale. So a name consists
// of the life, which the driver draws anew at each start, and a number within it.

package struct Ticket: Hashable, Sendable {
    /// `RaftConfiguration.life` of the node that asked.
    package var life: UInt64
    package var number: UInt64

    package init(life: UInt64, number: UInt64) {
        self.life = life
        self.number = number
    }
}

/// Which tickets of its followers a leader has taken in this term, so that it takes none twice.
///
/// The network may repeat and reorder. Numbers have to grow within a life; one that was overtaken is
/// not taken any more, since it cannot be told from one that was repeated.
struct TakenTickets: Sendable {
    private var highest: [NodeID: [UInt64: UInt64]] = [:]

    /// More restarts of one follower in one term than this are not served: their names are kept as
    /// long as the term lasts.
    static let livesMax = 64

    mutating func take(_ ticket: Ticket, of node: NodeID) -> Bool {
        var lives = highest[node] ?? [:]
        guard lives[ticket.life] != nil || lives.count < Self.livesMax,
            ticket.number > lives[ticket.life] ?? 0
        else { return false }
        lives[ticket.life] = ticket.number
        highest[node] = lives
        return true
    }
}
