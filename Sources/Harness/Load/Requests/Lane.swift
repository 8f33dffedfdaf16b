// One connection and the request on it. HTTP/1.1 answers in order, so a connection carries one
// request at a time, and a request that runs out of time takes its connection down with it.

import Endpoints
import Linux
import Reactor
import Wire

/// A place for one request at a time; connects when it must and keeps the connection.
@ReactorActor
final class Lane {
    private(set) var destination: any Destination
    private var connection: Connection?
    /// Where the connection leads.
    private var address: SocketAddress?
    private var deadline = MonotonicTime.distantFuture
    private var isOutOfTime = false
    /// Whether anything of the present request left this process.
    private(set) var hasSent = false

    init(_ destination: any Destination) { self.destination = destination }

    /// Serves others from now on; a connection of those before is closed.
    func redirect(to destination: any Destination) {
        guard self.destination !== destination else { return }
        close()
        self.destination = destination
    }

    /// Makes ready for a request that may take until `deadline`.
    func begin(_ deadline: MonotonicTime) {
        self.deadline = deadline
        isOutOfTime = false
        hasSent = false
    }

    /// Ends the exchange under way with a timeout. Called at the deadline by who watches it; a lane
    /// sets no timer of its own, since one a request is most of what a timer heap would hold.
    func runOutOfTime() {
        isOutOfTime = true
        connection?.close()
    }

    func close() {
        connection?.close()
        connection = nil
        address = nil
    }

    /// Sends an encoded request, other than HEAD, and gathers the answer.
    func exchange(_ request: [UInt8]) async throws(ClientError) -> HTTPResponse {
        let connection = try await open()
        do {
            connection.send(request)
            hasSent = true
            let response = try await answer(on: connection)
            if !response.head.keepAlive || !connection.inbound.isEmpty { close() }
            return response
        } catch {
            close()
            throw isOutOfTime && error != .malformed ? .unanswered(.timedOut) : error
        }
    }

    private func open() async throws(ClientError) -> Connection {
        let address = try await destination.address(keeping: address, deadline: deadline)
        if isOutOfTime { throw .unreachable(.timedOut) }
        if let connection, connection.isOpen, !connection.peerIsDone, self.address == address {
            return connection
        }
        close()
        do {
            let fresh = try await Connection.connect(
                to: address, from: destination.source, deadline: deadline)
            self.address = address
            connection = fresh
            return fresh
        } catch {
            throw .unreachable(error)
        }
    }

    private func answer(on connection: Connection) async throws(ClientError) -> HTTPResponse {
        let head = try await head(on: connection)
        var decoder = HTTPBodyDecoder(head.body)
        var content: [UInt8] = []
        while !decoder.isDone {
            do {
                let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
                    try decoder.consume(bytes, into: &content).consumed
                }
                connection.inbound.consume(consumed)
                if decoder.isDone { break }
                if try await receive(connection) { continue }
                try decoder.finish()
                break
            } catch let error as ClientError {
                throw error
            } catch {
                throw .malformed
            }
        }
        return HTTPResponse(head: head, content: content)
    }

    private func head(on connection: Connection) async throws(ClientError) -> HTTPResponseHead {
        while true {
            do {
                let head = try connection.take { (bytes) throws(HTTPError) in
                    try HTTPResponseHead.parse(bytes)
                }
                if let head, !head.isInterim { return head }
                if head != nil { continue }
            } catch {
                throw .malformed
            }
            guard try await receive(connection) else { throw .unanswered(.closed) }
        }
    }

    private func receive(_ connection: Connection) async throws(ClientError) -> Bool {
        do {
            return try await connection.receive()
        } catch {
            throw .unanswered(error)
        }
    }
}
