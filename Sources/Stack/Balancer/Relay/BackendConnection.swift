// One connection to a backend: at most one request at a time, kept for the next when the answer has
// ended cleanly. The session that it works for drives it; while it works for none, the only thing that
// can happen to it is its end.

import Linux
import Reactor
import Wire

@ReactorActor
final class BackendConnection: StreamOwner {
    let stream: DuplexStream
    let link: BackendLink
    /// Whom it works for.
    var session: ClientSession?
    /// True when it has served before: its end may have crossed the request on the way.
    var isKept = false
    var isHedge = false
    /// The backend's place in the pool.
    var index = 0
    var started = MonotonicTime(nanoseconds: 0)
    /// The answer's content; nil until its head has come.
    var answer: BodyFlow?
    var keepsAlive = false
    /// Any byte of an answer has come.
    var hasAnswered = false
    /// The client takes the answer too slowly for more to be received.
    var isHeldBack = false

    init(_ stream: DuplexStream, _ link: BackendLink) {
        self.stream = stream
        self.link = link
        stream.owner = self
    }

    /// Makes it ready for one request.
    func begin(for session: ClientSession, at now: MonotonicTime) {
        self.session = session
        started = now
        answer = nil
        keepsAlive = false
        hasAnswered = false
        isHeldBack = false
        isHedge = false
    }

    func streamChanged(_ stream: DuplexStream) {
        guard let session else {
            // Unasked bytes would be taken for the answer to the next request.
            if stream.receive() != .nothing { link.drop(self) }
            return
        }
        session.backendChanged(self)
    }

    func close() {
        session = nil
        stream.close()
    }
}

/// The kept connections of one backend; the one used last is used first, so that a pool which grew under
/// a burst shrinks as the far end closes what lies idle.
@ReactorActor
final class BackendLink {
    let name: String
    let address: SocketAddress
    private let idleMax: Int
    private var idle: [BackendConnection] = []

    init(name: String, address: SocketAddress, idleMax: Int) {
        self.name = name
        self.address = address
        self.idleMax = idleMax
    }

    var idleCount: Int { idle.count }

    func take() -> BackendConnection? {
        while let connection = idle.popLast() {
            if connection.stream.isOpen, !connection.stream.peerIsDone {
                connection.isKept = true
                return connection
            }
            connection.close()
        }
        return nil
    }

    func connect() throws(SyscallError) -> BackendConnection {
        BackendConnection(try DuplexStream.connecting(to: address), self)
    }

    func keep(_ connection: BackendConnection) {
        connection.session = nil
        guard idle.count < idleMax, connection.stream.isOpen, !connection.stream.peerIsDone else {
            return connection.close()
        }
        idle.append(connection)
    }

    func drop(_ connection: BackendConnection) {
        idle.removeAll { $0 === connection }
        connection.close()
    }

    func close() {
        for connection in idle { connection.close() }
        idle.removeAll()
    }
}
