// The connection on which this host talks to one other, for all groups that both have a replica of:
// dialled again and again, never trusted.
//
// Raft tolerates loss, so a link promises nothing. What it must not do is hoard: messages for a peer
// that does not read are dropped past a bound, and the leader is told so that it starts anew from
// where the peer is. A link on which nothing came back for a while is closed and dialled again,
// because a fresh connection works at once when a partition heals, and an old one only at its next
// retransmission.

import Linux
import Raft
import Reactor

/// The times and bounds of the links between hosts.
package struct PeerLinkLimits: Sendable {
    var connectTimeout = Duration.milliseconds(250)
    var redialPause = Duration.milliseconds(100)
    var pingInterval = Duration.milliseconds(100)
    /// Pings in a row on which nothing came back, before the connection is given up. Counted, not
    /// timed: a process that was paused itself has no reason to distrust its peers.
    var silentPingsMax = 6
    /// Bytes that wait for one peer; further messages are dropped.
    var outboundBytesMax = 8 << 20
    /// Silence, in the other direction, after which an accepted connection is closed.
    var inboundSilenceMax = Duration.seconds(2)
    var helloTimeout = Duration.seconds(1)

    package init() {}
}

@ReactorActor
final class PeerLink {
    private let address: SocketAddress
    private let hello: PeerHello
    private let limits: PeerLinkLimits
    private let didLose: @ReactorActor () -> Void
    private var connection: Connection?
    /// Those that carry a snapshot each.
    private var transfers: [ObjectIdentifier: Connection] = [:]
    /// Encoded and not handed to the connection yet: one write a turn of the loop.
    private var gathered: [UInt8] = []
    private var isStopped = false

    private(set) var droppedCount = 0

    /// While true nothing is dialled: the host is cut off, for tests.
    var isBlocked = false {
        didSet { if isBlocked { close() } }
    }

    /// `didLose` is called whenever messages may have been lost.
    init(
        to address: SocketAddress, hello: PeerHello, limits: PeerLinkLimits,
        didLose: @escaping @ReactorActor () -> Void
    ) {
        self.address = address
        self.hello = hello
        self.limits = limits
        self.didLose = didLose
    }

    var gatheredCount: Int { gathered.count }
    var isUp: Bool { connection?.isOpen == true }

    /// Takes a frame for the next `flush`, or drops it.
    func send(_ frame: PeerFrame) {
        guard let connection, connection.isOpen else {
            droppedCount += 1
            return
        }
        guard connection.outboundCount + gathered.count < limits.outboundBytesMax else {
            droppedCount += 1
            return didLose()
        }
        frame.encode(into: &gathered)
    }

    func flush() {
        if gathered.isEmpty { return }
        connection?.send(gathered)
        gathered.removeAll(keepingCapacity: gathered.capacity <= 1 << 20)
    }

    /// Sends a snapshot on a connection of its own; false when it did not arrive.
    func send(
        _ file: SnapshotFile, _ message: RaftMessage, of group: GroupID, chunkBytes: Int
    ) async -> Bool {
        guard !isBlocked, !isStopped, let fresh = await dial() else { return false }
        defer { fresh.close() }
        guard !isBlocked, !isStopped else { return false }
        transfers[ObjectIdentifier(fresh)] = fresh
        defer { transfers[ObjectIdentifier(fresh)] = nil }
        var hello = hello
        hello.purpose = .snapshot
        let offer = SnapshotOffer(
            group: group, message: message, byteCount: file.byteCount, checksum: file.checksum)
        let isTaken = try? await SnapshotStream.send(
            file, offer: offer, hello: hello, chunkBytes: chunkBytes, on: fresh)
        return isTaken ?? false
    }

    /// Dials until `stop`.
    func run() async {
        while !isStopped {
            if !isBlocked, let fresh = await dial() {
                if !isStopped, !isBlocked { await converse(on: fresh) }
                fresh.close()
                connection = nil
                gathered = []
                didLose()
            }
            if !isStopped { await Reactor.sleep(for: limits.redialPause) }
        }
    }

    func stop() {
        isStopped = true
        close()
    }

    private func close() {
        connection?.close()
        for transfer in transfers.values { transfer.close() }
    }

    private func dial() async -> Connection? {
        try? await Connection.connect(to: address, deadline: .now() + limits.connectTimeout)
    }

    /// Pings at an interval and listens, until the link is down or silent.
    private func converse(on fresh: Connection) async {
        fresh.send(PeerFrame.hello(hello).encoded)
        connection = fresh
        var silentPings = 0
        while silentPings < limits.silentPingsMax {
            fresh.send(PeerFrame.ping.encoded)
            silentPings += 1
            let next = MonotonicTime.now() + limits.pingInterval
            do {
                while try await fresh.receive(deadline: next) {
                    while try fresh.take({ bytes in try PeerFrame.parse(bytes) }) != nil {
                        silentPings = 0
                    }
                }
                return
            } catch {
                guard error as? TransportError == .timedOut else { return }
            }
        }
    }
}
