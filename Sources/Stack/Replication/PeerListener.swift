// The other hosts' way in: accepts their connections, checks who they are, hands their messages on.

import Linux
import Raft
import Reactor

@ReactorActor
final class PeerListener {
    let address: SocketAddress
    private let listener: Listener
    private let cluster: UInt64
    private let id: NodeID
    private let limits: PeerLinkLimits
    private let isPeer: @ReactorActor (NodeID) -> Bool
    private let deliver: @ReactorActor (NodeID, PeerFrame) -> Void
    private let takeSnapshot: @ReactorActor (NodeID, Connection) async -> Void
    /// The newest connection of each peer; one that dials again has given the older one up.
    private var connections: [NodeID: Connection] = [:]
    /// Those that carry snapshots, one each.
    private var transfers: [ObjectIdentifier: Connection] = [:]

    /// While true every connection is closed as it comes: the replica is cut off, for tests.
    var isBlocked = false {
        didSet { if isBlocked { closeConnections() } }
    }

    init(
        _ address: SocketAddress, cluster: UInt64, id: NodeID, limits: PeerLinkLimits,
        isPeer: @escaping @ReactorActor (NodeID) -> Bool,
        deliver: @escaping @ReactorActor (NodeID, PeerFrame) -> Void,
        takeSnapshot: @escaping @ReactorActor (NodeID, Connection) async -> Void
    ) throws(SyscallError) {
        listener = try Listener(address)
        self.address = listener.address
        self.cluster = cluster
        self.id = id
        self.isPeer = isPeer
        self.limits = limits
        self.deliver = deliver
        self.takeSnapshot = takeSnapshot
    }

    var connectionCount: Int { connections.count }

    func run() async {
        while let connection = try? await listener.accept() {
            Task { @ReactorActor in
                await serve(connection)
                connection.close()
            }
        }
    }

    func stop() {
        listener.close()
        closeConnections()
    }

    private func closeConnections() {
        for connection in connections.values { connection.close() }
        for connection in transfers.values { connection.close() }
    }

    private func serve(_ connection: Connection) async {
        guard !isBlocked, let hello = await greet(connection), !isBlocked else { return }
        let peer = hello.from
        switch hello.purpose {
        case .messages:
            connections[peer]?.close()
            connections[peer] = connection
            // Whatever breaks the connection, the peer dials again.
            try? await listen(to: peer, on: connection)
            if connections[peer] === connection { connections[peer] = nil }
        case .snapshot:
            transfers[ObjectIdentifier(connection)] = connection
            await takeSnapshot(peer, connection)
            transfers[ObjectIdentifier(connection)] = nil
        }
    }

    /// Waits for the hello; nil when it does not come, or is meant for somebody else.
    private func greet(_ connection: Connection) async -> PeerHello? {
        let deadline = MonotonicTime.now() + limits.helloTimeout
        do {
            while true {
                if let frame = try connection.take({ bytes in try PeerFrame.parse(bytes) }) {
                    guard case .hello(let hello) = frame, hello.cluster == cluster, hello.to == id,
                        isPeer(hello.from)
                    else { return nil }
                    return hello
                }
                guard try await connection.receive(deadline: deadline) else { return nil }
            }
        } catch {
            return nil
        }
    }

    private func listen(to peer: NodeID, on connection: Connection) async throws {
        var nextAnswer = MonotonicTime.now()
        repeat {
            while let frame = try connection.take({ bytes in try PeerFrame.parse(bytes) }) {
                if case .message(_, let message) = frame, message.from != peer {
                    throw PeerError.notForMe
                }
                deliver(peer, frame)
            }
            // Whole frames or not, bytes arrived: over a slow link a frame takes long.
            if nextAnswer <= .now() {
                connection.send(PeerFrame.alive.encoded)
                nextAnswer = .now() + limits.pingInterval / 2
            }
        } while try await connection.receive(deadline: .now() + limits.inboundSilenceMax)
    }
}
