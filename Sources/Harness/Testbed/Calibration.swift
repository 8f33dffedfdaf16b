// How good the link emulator is on this host, measured from the outside: datagrams between two
// nodes, first without an impairment, then with one, and the time that injecting and healing take.

import Experiment
package import Linux
import Reactor

/// What `calibrate` measured; all in the order in which it was measured.
package struct Calibration: Sendable {
    /// One-way times between two nodes whose link is not impaired.
    package var direct: [Duration] = []
    /// One-way times under the delay, less the delay.
    package var error: [Duration] = []
    /// What the emulator says of the same datagrams.
    package var emulator = LinkCounters()
    /// From the call to the kernel's acknowledgement.
    package var inject: [Duration] = []
    package var heal: [Duration] = []
    package var block: [Duration] = []
    package var unblock: [Duration] = []
    /// One node made and linked.
    package var attach: [Duration] = []

    package init() {}

    /// What a datagram that never arrived counts as, beyond its delay.
    package static let lossTime: Duration = .seconds(1)

    /// Sends `count` datagrams in each part, each on its own; needs a sandbox, and a process that
    /// does nothing else, since the calling thread keeps its urgency.
    @ReactorActor
    package static func measure(
        delay: Duration, count: Int
    ) async throws(SyscallError) -> Calibration {
        // Below the emulator: what measures must not disturb it, nor be kept waiting by others.
        Urgency.raise(priority: 1)
        let testbed = try Testbed(seed: 1)
        var result = Calibration()
        var nodes: [Node] = []
        for index in 1...16 {
            let start = MonotonicTime.now()
            nodes.append(
                try testbed.createNode(
                    name: "node-\(index)", address: IPv4Address(10, 0, 0, UInt8(index))))
            result.attach.append(.now() - start)
        }
        let link = try CalibrationLink.between(nodes[0], nodes[1])
        result.direct = try link.oneWayTimes(count, expecting: .zero)
        let links = testbed.links
        let impairment = Impairment(delay: delay)
        try links.impair(from: link.source, to: link.target.ip, impairment)
        result.error = try link.oneWayTimes(count, expecting: delay).map { $0 - delay }
        result.emulator = links.counters(from: link.source, to: link.target.ip) ?? LinkCounters()
        try links.heal(from: link.source, to: link.target.ip)
        for _ in 0..<count {
            result.inject.append(
                try timed { () throws(SyscallError) in
                    try links.impair(from: link.source, to: link.target.ip, impairment)
                })
            result.heal.append(
                try timed { () throws(SyscallError) in
                    try links.heal(from: link.source, to: link.target.ip)
                })
            result.block.append(
                try timed { () throws(SyscallError) in
                    try links.block(from: link.source, to: link.target.ip)
                })
            result.unblock.append(
                try timed { () throws(SyscallError) in
                    try links.unblock(from: link.source, to: link.target.ip)
                })
        }
        try await testbed.tearDown()
        return result
    }

    private static func timed(
        _ step: () throws(SyscallError) -> Void
    ) throws(SyscallError) -> Duration {
        let start = MonotonicTime.now()
        try step()
        return .now() - start
    }
}

/// A socket at either end of one direction.
private struct CalibrationLink: ~Copyable {
    let source: IPv4Address
    let target: SocketAddress
    let sender: DatagramSocket
    let receiver: DatagramSocket

    @ReactorActor
    static func between(_ near: Node, _ far: Node) throws(SyscallError) -> CalibrationLink {
        let target = SocketAddress(ip: far.address, port: 9)
        let home = SocketAddress(ip: near.address, port: 0)
        return CalibrationLink(
            source: near.address, target: target,
            sender: try near.namespace.perform { () throws(SyscallError) in
                try DatagramSocket(home)
            },
            receiver: try far.namespace.perform { () throws(SyscallError) in
                try DatagramSocket(target)
            })
    }

    /// Each from just before it was sent until it could be received; a lost one counts as a second.
    ///
    /// The last part of the wait is spent asking, so that waking this thread is not measured.
    func oneWayTimes(_ count: Int, expecting delay: Duration) throws(SyscallError) -> [Duration] {
        var times: [Duration] = []
        for _ in 0..<count {
            let start = MonotonicTime.now()
            try sender.send([0], to: target)
            PreciseWait.until(start + delay + .microseconds(-500), orReadable: -1, -1)
            while try receiver.receive(deadline: start) == nil {
                if MonotonicTime.now() > start + delay + Calibration.lossTime { break }
            }
            times.append(.now() - start)
        }
        return times
    }
}
