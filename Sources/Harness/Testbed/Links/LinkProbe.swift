// What a link does to packets, measured from outside the stack: UDP probes between the very nodes,
// sent in their own namespaces. Both ends share one monotonic clock, so the delay is one-way.
//
// Each probe carries its serial number and the time at which it was sent, and both once more with all
// bits turned over, so that damage shows:
//
//     0        8         16        24         32
//     | serial | sent ns | ~serial | ~sent ns |

package import Linux
package import Reactor

/// What the probes of one direction showed.
package struct LinkMeasurement: Sendable {
    package let direction: Direction
    package let sent: Int
    /// One-way delays of those that arrived, ascending.
    package private(set) var delays: [Duration]

    /// Probes that arrived more than once.
    package var doubled = 0
    /// Probes that arrived after one that was sent later.
    package var overtaken = 0
    /// Probes that arrived with other bits than they were sent with.
    package var damaged = 0
    /// When the first and the last whole probe arrived; nil when none did.
    package var span: (first: MonotonicTime, last: MonotonicTime)?

    package init(direction: Direction, sent: Int, delays: [Duration]) {
        self.direction = direction
        self.sent = sent
        self.delays = delays
    }

    package var received: Int { delays.count }
    package var lossRatio: Double { sent == 0 ? 0 : Double(sent - received) / Double(sent) }

    /// The value below which `share` of the delays lie; nil when nothing arrived.
    package func delay(atShare share: Double) -> Duration? {
        guard !delays.isEmpty else { return nil }
        return delays[min(delays.count - 1, Int(Double(delays.count) * share))]
    }

    /// The same probes, had they not had to cross a distance that takes so long.
    package func without(_ distance: Duration) -> LinkMeasurement {
        var result = self
        result.delays = delays.map { $0 - distance }
        return result
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
    /// for stragglers until `patience` after the last. A datagram holds `size` bytes, 32 to 1472.
    package func measure(
        _ directions: [Direction], count: Int, burst: Int = 1,
        interval: Duration = .microseconds(200), patience: Duration, size: Int = 32
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
                for track in tracks { try track.send(serial, size: size) }
            }
            for track in tracks { try track.collect() }
            await Reactor.sleep(for: interval)
        }
        let deadline = MonotonicTime.now() + patience
        while tracks.contains(where: { $0.isWaiting }), .now() < deadline {
            for track in tracks { try track.collect() }
            await Reactor.sleep(for: .microseconds(500))
        }
        return tracks.map(\.measurement)
    }
}

extension LinkProbe {
    /// Packets that the kernels of these nodes threw away for a wrong checksum.
    package func checksumErrors(at addresses: Set<IPv4Address>) throws(SyscallError) -> Int {
        var sum = 0
        for address in addresses { sum += try nodes[address]?.checksumErrors() ?? 0 }
        return sum
    }
}

/// The two sockets of one direction.
@ReactorActor
private final class Track {
    let direction: Direction
    private let source: DatagramSocket
    private let sink: DatagramSocket
    private let sinkAddress: SocketAddress
    private var partial: LinkMeasurement
    private var delays: [Duration] = []
    /// Serial numbers of the probes that arrived.
    private var seen: Set<Int64> = []
    private var last: Int64 = -1
    /// Probes that the kernel took; one for which it had no room was never on the link.
    private var sent = 0

    static let sizeMin = 32

    init(_ direction: Direction, source: Node, sink: Node) throws(SyscallError) {
        self.direction = direction
        partial = LinkMeasurement(direction: direction, sent: 0, delays: [])
        self.source = try source.openDatagramSocket(at: direction.from)
        self.sink = try sink.openDatagramSocket(at: direction.to)
        sinkAddress = try self.sink.localAddress()
    }

    /// Whether a probe is still out.
    var isWaiting: Bool { delays.count + partial.damaged < sent }

    func send(_ serial: Int, size: Int) throws(SyscallError) {
        let fields = [Int64(serial), MonotonicTime.now().nanoseconds]
        var bytes = (fields + fields.map { ~$0 }).flatMap { field in
            (0..<8).map { UInt8(truncatingIfNeeded: field >> (8 * $0)) }
        }
        if size > bytes.count { bytes += Array(repeating: 0, count: size - bytes.count) }
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

    /// Takes what has arrived; of probes that were doubled the first counts.
    func collect() throws(SyscallError) {
        while let bytes = try sink.receive(deadline: MonotonicTime(nanoseconds: 0)) {
            let now = MonotonicTime.now()
            guard bytes.count >= Self.sizeMin else { continue }
            let words = (0..<4).map { word in
                (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[8 * word + $1]) << (8 * $1) }
            }
            guard words[0] == ~words[2], words[1] == ~words[3] else {
                partial.damaged += 1
                continue
            }
            guard seen.insert(words[0]).inserted else {
                partial.doubled += 1
                continue
            }
            if words[0] < last { partial.overtaken += 1 }
            last = max(last, words[0])
            partial.span = (partial.span?.first ?? now, now)
            delays.append(now - MonotonicTime(nanoseconds: words[1]))
        }
    }

    /// What was seen until now.
    var measurement: LinkMeasurement {
        var whole = LinkMeasurement(direction: direction, sent: sent, delays: delays.sorted())
        whole.doubled = partial.doubled
        whole.overtaken = partial.overtaken
        whole.damaged = partial.damaged
        whole.span = partial.span
        return whole
    }
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
