// What can go wrong in a simulated group, as values: a fault names its victim and says how long it lasts.
//
// Each fault brings its own end, so that any subset of a schedule can run: to take a crash out takes its
// restart out with it. A victim is named by the part that it plays when the fault strikes, since
// it is the leader's fate that most arguments of the protocol turn on.

/// Whom a fault or an operation is aimed at, looked up when its time has come.
package enum Target: Hashable, Sendable {
    /// The node at this place, counted around the group.
    case place(Int)
    /// The running node that leads the newest term.
    case leader
    /// The one that leads the oldest term: with two, it does not know yet that it was deposed.
    case oldestLeader
    /// The node that many places after the leader.
    case afterLeader(Int)
}

/// Which links of the group carry nothing.
package enum Partition: Hashable, Sendable {
    /// No link to or from one node.
    case isolated(Target)
    /// One node hears all and is heard by nobody.
    case muted(Target)
    /// One node is heard by all and hears nobody.
    case deafened(Target)
    /// Two sides; a node is on the side that its bit names.
    case split(mask: UInt8)
    /// Two sides, and one node that reaches both.
    case bridge(Target)
    /// Each node reaches only its neighbours in a ring: everyone sees a majority, none the same.
    case ring
    /// Two nodes reach each other, and nobody else does.
    case pair(Target, Target)
    /// One link, one way.
    case link(from: Target, to: Target)
}

/// How messages fare on all links.
package struct Weather: Hashable, Sendable {
    /// Of a thousand messages.
    package var lost = 0
    package var repeated = 0
    /// These arrive when everything has changed: up to `stragglerDelayMax` late.
    package var straggling = 0
    package var delayMin = SimulatedTime(microseconds: 100)
    package var delayMax = SimulatedTime(microseconds: 1000)
    package var stragglerDelayMax = SimulatedTime.seconds(2)

    package static let calm = Weather()
}

package enum Fault: Hashable, Sendable {
    /// The process dies. Of the writes under way a share reaches the disk, in order: `landed` of 255,
    /// and of the next write the first `torn` parts.
    case crash(Target, landed: UInt8, torn: UInt8)
    /// All processes die at once.
    case blackout(landed: UInt8, torn: UInt8)
    /// The process stands still: messages wait in its sockets.
    case pause(Target)
    case partition(Partition)
    /// All links fare like this, instead of as usual.
    case storm(Weather)
    /// The node's clock runs at this percentage of true time; zero: it stands.
    case clock(Target, percent: Int)
    /// Each fsync of the node takes that many times as long.
    case slowDisk(Target, times: Int)
}

extension Target: CustomStringConvertible {
    package var description: String {
        switch self {
        case .place(let place): "node \(place + 1)"
        case .leader: "the leader"
        case .oldestLeader: "the oldest leader"
        case .afterLeader(let count): "node \(count) after the leader"
        }
    }
}

extension Partition: CustomStringConvertible {
    package var description: String {
        switch self {
        case .isolated(let target): "isolate \(target)"
        case .muted(let target): "mute \(target)"
        case .deafened(let target): "deafen \(target)"
        case .split(let mask): "split the group by \(String(mask, radix: 2))"
        case .bridge(let target): "split the group, with \(target) as the only bridge"
        case .ring: "leave each node its neighbours in a ring"
        case .pair(let one, let other): "leave only the link between \(one) and \(other)"
        case .link(let from, let to): "cut the link from \(from) to \(to)"
        }
    }
}

extension Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .crash(let target, let landed, let torn):
            "crash \(target), \(landed)/255 of its writes and \(torn) parts landed"
        case .blackout(let landed, let torn):
            "crash every node, \(landed)/255 of their writes and \(torn) parts landed"
        case .pause(let target): "pause \(target)"
        case .partition(let partition): "\(partition)"
        case .storm(let weather):
            "storm: \(weather.lost)/1000 lost, \(weather.repeated)/1000 repeated, "
                + "\(weather.straggling)/1000 straggling, up to \(weather.delayMax)"
        case .clock(let target, let percent): "run the clock of \(target) at \(percent) %"
        case .slowDisk(let target, let times): "slow the disk of \(target) \(times) times"
        }
    }
}
