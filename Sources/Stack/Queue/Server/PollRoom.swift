// Where fetches of one partition wait for messages.
//
// A member has one poll a group and lane: a second one of the same name ends the first. Else a worker
// that was killed and started again would find its first message handed to the connection of its
// predecessor, which nobody reads. Lanes let a member ask for the next messages before it has the last.

import Linux
import Reactor

/// One fetch that may wait; polls are numbered in the order in which they came.
struct Poll: Hashable, Sendable {
    let name: GroupName
    let member: String
    let lane: Int
    let number: UInt64
}

@ReactorActor
final class PollRoom {
    private struct Seat: Hashable {
        let name: GroupName
        let member: String
        let lane: Int
    }

    private let waitersMax: Int
    private var current: [Seat: UInt64] = [:]
    private var gates: [GroupName: Turnstile] = [:]
    /// What those ask for who wait right now.
    private var asking: [GroupName: [Poll: Fetch]] = [:]
    /// Fetches that were proposed for somebody who waited.
    private var ahead: [Poll: PendingCommand] = [:]
    private(set) var waiterCount = 0
    private var pollCount: UInt64 = 0
    private(set) var isClosed = false

    init(waitersMax: Int) { self.waitersMax = waitersMax }

    /// The groups that somebody waits for messages of.
    var waiting: [GroupName] { Array(gates.keys) }

    /// Nil when too many wait.
    func enter(_ name: GroupName, member: String, lane: Int) -> Poll? {
        guard waiterCount < waitersMax else { return nil }
        pollCount += 1
        waiterCount += 1
        let superseded = current.updateValue(
            pollCount, forKey: Seat(name: name, member: member, lane: lane))
        if superseded != nil { gates[name]?.wakeAll() }
        return Poll(name: name, member: member, lane: lane, number: pollCount)
    }

    func leave(_ poll: Poll) {
        waiterCount -= 1
        if isCurrent(poll) { current[seat(of: poll)] = nil }
        if gates[poll.name]?.waiterCount == 0 { gates[poll.name] = nil }
        assert(waiterCount >= 0)
    }

    /// False once a later poll of the member, or the end of the queue, has taken its place.
    func isCurrent(_ poll: Poll) -> Bool {
        !isClosed && current[seat(of: poll)] == poll.number
    }

    private func seat(of poll: Poll) -> Seat {
        Seat(name: poll.name, member: poll.member, lane: poll.lane)
    }

    /// Returns when there may be something to take, or at the deadline; with a fetch that somebody
    /// else has proposed for the poll, if one has.
    func wait(
        _ poll: Poll, for fetch: Fetch, until deadline: MonotonicTime
    ) async -> PendingCommand? {
        let gate = gates[poll.name] ?? Turnstile()
        gates[poll.name] = gate
        asking[poll.name, default: [:]][poll] = fetch
        _ = await gate.wait(deadline: deadline)
        noLongerAsks(poll)
        return ahead.removeValue(forKey: poll)
    }

    /// For each group the poll that has waited longest for messages of the topic.
    func waitingFirst(on topic: String) -> [(poll: Poll, fetch: Fetch)] {
        asking.filter { $0.key.topic == topic }.values.compactMap { polls in
            polls.filter { isCurrent($0.key) }.min { $0.key.number < $1.key.number }
                .map { (poll: $0.key, fetch: $0.value) }
        }
    }

    /// Wakes a poll that waits, with the fetch that was proposed for it.
    func hand(_ fetch: PendingCommand, to poll: Poll) {
        noLongerAsks(poll)
        ahead[poll] = fetch
        gates[poll.name]?.wakeAll()
    }

    private func noLongerAsks(_ poll: Poll) {
        asking[poll.name]?[poll] = nil
        if asking[poll.name]?.isEmpty == true { asking[poll.name] = nil }
    }

    /// Wakes whoever has waited longest; what that one leaves is there to wake the next.
    func wake(_ name: GroupName) { gates[name]?.wakeOne() }

    func wakeAll() {
        for gate in gates.values { gate.wakeAll() }
    }

    /// Sends everyone away.
    func close() {
        isClosed = true
        wakeAll()
    }
}
