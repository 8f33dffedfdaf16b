// What a link does to packets, measured from outside the stack: UDP probes between the very nodes,
// sent in their own namespaces. Both ends share one monotonic clock, so the delay is one-way.
//
// Each probe carries its serial number and the time at which it was sent:
//
//     0        8        16
//     | serial | sent ns |

package import Linux
package import Reactor

/// What the probes of one direction showed.
package struct LinkMeasurement: Sendable {
    package let direction: Direction
    package let sent: Int
    /// One-way delays of those that arrived, ascending.
    package let delays: [Duration]

    package var received: Int { delays.count }
    package var lossRatio: Double { sent == 0 ? 0 : Double(sent - received) / Double(sent) }

    /// The value below which `share` of the delays lie; nil when nothing arrived.
    package func delay(atShare share: Double) -> Duration? {
        guard !delays.isEmpty else { return nil }
        return delays[min(delays.count - 1, Int(Double(delays.count) * share))]
    }

    /// The same probes, had they not had to cross a distance that takes so long.
    package func without(_ distance: Duration) -> LinkMeasurement {
        LinkMeasurement(direction: direction, sent: sent, delays: delays.map { $0 - distance })
    }
}

/// Sends probes along directions between nodes.
@ReactorActor
package struct LinkProbe {
    private let nodes: [IPv4Address: Node]

    package init(_ nodes: [Node]) {
        self.nodes = Dictionary(
            uniqueKeysWithValues: nodes.flatMap { node in node.addresses.map { ($0, node) } })
    }

    /// Sends `count` probes along each direction, `burst` at a time and `interval` apart, and waits
    /// for stragglers until `patience` after the last.
    package func measure(
        _ directions: [Direction], count: Int, burst: Int = 1,
        interval: Duration = .microseconds(200), patience: Duration
    ) async throws(SyscallError) -> [LinkMeasurement] {
        var tracks: [Track] = []
        for direction in directions {
            guard let source = nodes[direction.from], let sink = nodes[direction.to] else {
                preconditionFailure("probes run between nodes of the testbed")
            }
            tracks.append(try Track(direction, source: source, sink: sink))
        }
        for first in stride(from: 0, to: count, by: burst) {
            for serial in first..<min(first + burst, count) {
                for track in tracks { try track.send(serial) }
            }
            for track in tracks { try track.collect() }
            await Reactor.sleep(for: interval)
        }
        let deadline = MonotonicTime.now() + patience
        while tracks.contains(where: { $0.delays.count < $0.sent }), .now() < deadline {
            for track in tracks { try track.collect() }
            await Reactor.sleep(for: .microseconds(500))
        }
        return tracks.map(\.result)
    }
}

/// The two sockets of one direction.
@ReactorActor
private final class Track {
    let direction: Direction
    private let source: DatagramSocket
    private let sink: DatagramSocket
    private let sinkAddress: SocketAddress
    private(set) var delays: [Duration] = []
    /// Probes that the kernel took; one for which it had no room was never on the link.
    private(set) var sent = 0

    init(_ direction: Direction, source: Node, sink: Node) throws(SyscallError) {
        self.direction = direction
        self.source = try source.openDatagramSocket(at: direction.from)
        self.sink = try sink.openDatagramSocket(at: direction.to)
        sinkAddress = try self.sink.localAddress()
    }

    func send(_ serial: Int) throws(SyscallError) {
        let fields = [Int64(serial), MonotonicTime.now().nanoseconds]
        let bytes = fields.flatMap { field in
            (0..<8).map { UInt8(truncatingIfNeeded: field >> (8 * $0)) }
        }
        do {
            if try source.send(bytes, to: sinkAddress) { sent += 1 }
        } catch {
            // A blackhole rule in the router answers nothing, but the kernel may remember an
            // earlier ICMP answer on the socket; such a probe simply did not arrive.
            guard
                error.errno == .connectionRefused || error.errno == .hostUnreachable
                    || error.errno == .networkUnreachable || error.errno == .invalid
            else { throw error }
            sent += 1
        }
    }

    /// Takes what has arrived; probes that were doubled count once.
    func collect() throws(SyscallError) {
        while let bytes = try sink.receive(deadline: MonotonicTime(nanoseconds: 0)) {
            guard bytes.count == 16 else { continue }
            let sent = (8..<16).reduce(Int64(0)) { $0 | Int64(bytes[$1]) << (8 * ($1 - 8)) }
            let serial = (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[$1]) << (8 * $1) }
            guard seen.insert(serial).inserted else { continue }
            delays.append(MonotonicTime.now() - MonotonicTime(nanoseconds: sent))
        }
    }

    var result: LinkMeasurement {
        LinkMeasurement(direction: direction, sent: sent, delays: delays.sorted())
    }

    private var seen: Set<Int64> = []
}

extension Node {
    /// A UDP socket in this node's namespace, on a port that the kernel chooses.
    fileprivate func openDatagramSocket(
        at address: IPv4Address
    ) throws(SyscallError) -> DatagramSocket {
        let address = SocketAddress(ip: address, port: 0)
        return try namespace.perform { () throws(SyscallError) in
            try DatagramSocket(address)
        }
    }
}
