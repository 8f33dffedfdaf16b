// Where fetches of one partition wait for messages.
//
// A member has one poll a group: a second one of the same name ends the first. Else a worker that
// was killed and started again would find its first message handed to the connection of its
// predecessor, which nobody reads.

import Linux
import Reactor

/// One fetch that may wait.
struct Poll: Hashable, Sendable {
    let name: GroupName
    let member: String
    let number: UInt64
}

@ReactorActor
final class PollRoom {
    private struct Seat: Hashable {
        let name: GroupName
        let member: String
    }

    private let waitersMax: Int
    private var current: [Seat: UInt64] = [:]
    private var gates: [GroupName: Turnstile] = [:]
    private(set) var waiterCount = 0
    private var pollCount: UInt64 = 0
    private(set) var isClosed = false

    init(waitersMax: Int) { self.waitersMax = waitersMax }

    /// The groups that somebody waits for messages of.
    var waiting: [GroupName] { Array(gates.keys) }

    /// Nil when too many wait.
    func enter(_ name: GroupName, member: String) -> Poll? {
        guard waiterCount < waitersMax else { return nil }
        pollCount += 1
        waiterCount += 1
        let superseded = current.updateValue(pollCount, forKey: Seat(name: name, member: member))
        if superseded != nil { gates[name]?.wakeAll() }
        return Poll(name: name, member: member, number: pollCount)
    }

    func leave(_ poll: Poll) {
        waiterCount -= 1
        if isCurrent(poll) { current[Seat(name: poll.name, member: poll.member)] = nil }
        if gates[poll.name]?.waiterCount == 0 { gates[poll.name] = nil }
        assert(waiterCount >= 0)
    }

    /// False once a later poll of the member, or the end of the queue, has taken its place.
    func isCurrent(_ poll: Poll) -> Bool {
        !isClosed && current[Seat(name: poll.name, member: poll.member)] == poll.number
    }

    /// Returns when there may be something to take, or at the deadline.
    func wait(_ poll: Poll, until deadline: MonotonicTime) async {
        let gate = gates[poll.name] ?? Turnstile()
        gates[poll.name] = gate
        _ = await gate.wait(deadline: deadline)
    }

    /// Wakes all who wait for the group; a partition has one owner, so that is one as a rule.
    func wake(_ name: GroupName) { gates[name]?.wakeAll() }

    func wakeAll() {
        for gate in gates.values { gate.wakeAll() }
    }

    /// Sends everyone away.
    func close() {
        isClosed = true
        wakeAll()
    }
}
