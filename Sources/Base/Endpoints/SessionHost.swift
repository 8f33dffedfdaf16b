// What every server does alike, whatever it speaks: accept up to a bound, keep the sessions, drain, stop.

package import Linux
package import Reactor

/// One connection of a server, from its first byte to its end.
@ReactorActor
package protocol ServerSession: AnyObject {
    /// Serves until the connection is closed, from either side.
    func run() async

    /// Takes nothing more; what is in work is still answered, then the connection closes.
    func finish()

    /// Closes the connection at once.
    func cut()
}

/// Listens on one address and gives every connection a session.
@ReactorActor
package final class SessionHost<Session: ServerSession> {
    package let address: SocketAddress
    private let listener: Listener
    /// Further connections are closed as they come.
    private let connectionsMax: Int
    private let begin: @ReactorActor (Connection) -> Session
    private var sessions: [ObjectIdentifier: Session] = [:]
    private let changed = Turnstile()

    /// Listens at once; nothing is accepted before `run`.
    package init(
        _ address: SocketAddress, connectionsMax: Int,
        begin: @escaping @ReactorActor (Connection) -> Session
    ) throws(SyscallError) {
        listener = try Listener(address)
        self.address = listener.address
        self.connectionsMax = connectionsMax
        self.begin = begin
    }

    package var connectionCount: Int { sessions.count }

    /// Accepts until `stop` or `drain`.
    package func run() async {
        while let connection = await listener.acceptNext() {
            guard sessions.count < connectionsMax else {
                connection.close()
                continue
            }
            let session = begin(connection)
            sessions[ObjectIdentifier(session)] = session
            Task { @ReactorActor in
                await session.run()
                sessions[ObjectIdentifier(session)] = nil
                changed.wakeAll()
            }
        }
    }

    /// Accepts nothing more, finishes what is in work, then closes every connection.
    package func drain(deadline: MonotonicTime) async {
        listener.close()
        for session in sessions.values { session.finish() }
        while !sessions.isEmpty {
            guard await changed.wait(deadline: deadline) else { break }
        }
        stop()
    }

    /// Closes everything at once.
    package func stop() {
        listener.close()
        for session in sessions.values { session.cut() }
    }
}
