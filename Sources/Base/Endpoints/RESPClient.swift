// A pipelined RESP2 connection to one address, made on demand and made again after it broke.
//
// Answers come back in the order of the calls, so calls never wait for one another. When a call's
// deadline passes, what becomes of its connection depends on whether the server was heard of since
// the call was sent. If it was, it is merely slow, and only that one late answer is dropped. If it
// was not, nobody knows what the connection is good for (the process may be paused, the path may be
// cut, and TCP then repeats itself ever more seldom): later calls get a fresh connection, and those
// that wait already keep their own deadlines.

package import Linux
package import Reactor
package import Wire

/// A client of one RESP server.
@ReactorActor
package final class RESPClient {
    package let address: SocketAddress

    private var link: Link?
    /// Former links on which calls may still wait.
    private var retired: [Link] = []
    private var connecting: Promise<Result<Link, ClientError>>?

    package init(_ address: SocketAddress) { self.address = address }

    isolated deinit { close() }

    /// Sends one command and waits for its reply; an error reply is a value, not a throw.
    package func call(
        _ words: [String], connectWithin: Duration = .milliseconds(250), deadline: MonotonicTime
    ) async throws(ClientError) -> RESPValue {
        var bytes: [UInt8] = []
        bytes.appendRESP(command: words)
        return try await call(encoded: bytes, connectWithin: connectWithin, deadline: deadline)
    }

    /// Sends one command that is encoded already.
    package func call(
        encoded command: [UInt8], connectWithin: Duration = .milliseconds(250),
        deadline: MonotonicTime
    ) async throws(ClientError) -> RESPValue {
        guard .now() < deadline else { throw .unreachable(.timedOut) }
        let link = try await openLink(connectWithin, deadline)
        guard let result = await link.exchange(command, deadline) else {
            throw .unanswered(.timedOut)
        }
        return try result.get()
    }

    /// True when any reply has come since that moment.
    package func hasAnswered(since start: MonotonicTime) -> Bool {
        (retired + [link].compactMap { $0 }).contains { $0.hasAnswered(since: start) }
    }

    /// Ends all calls that wait on this server now, as unanswered.
    package func abandonCalls() {
        for link in retired { link.fail(.timedOut) }
        link?.fail(.timedOut)
    }

    /// Closes the connection; the next call opens another.
    package func close() {
        for link in retired { link.fail(.closed) }
        link?.fail(.closed)
        retired.removeAll()
        link = nil
        connecting = nil
    }

    // MARK: Connecting

    private func openLink(
        _ connectWithin: Duration, _ deadline: MonotonicTime
    ) async throws(ClientError) -> Link {
        if let link, link.isUsable { return link }
        let attempt = connecting ?? startConnecting(within: connectWithin)
        guard let result = await attempt.value(deadline: deadline) else {
            throw .unreachable(.timedOut)
        }
        let opened = try result.get()
        guard opened.isUsable else { throw .unreachable(.closed) }
        return opened
    }

    /// Connects on behalf of all who want to call meanwhile, whose deadlines differ: the attempt
    /// must not end with the earliest of them.
    private func startConnecting(within limit: Duration) -> Promise<Result<Link, ClientError>> {
        let promise = Promise<Result<Link, ClientError>>()
        connecting = promise
        Task { @ReactorActor in
            let result = await Link.open(address, deadline: .now() + limit)
            let isWanted = connecting === promise
            if isWanted { connecting = nil }
            if case .success(let fresh) = result {
                if isWanted { adopt(fresh) } else { fresh.fail(.closed) }
            }
            promise.fulfil(result)
        }
        return promise
    }

    private func adopt(_ fresh: Link) {
        retired.removeAll { !$0.isOpen }
        if let link, link.isOpen { retired.append(link) }
        link = fresh
    }
}

/// One live connection and the calls that wait on it, oldest first.
@ReactorActor
private final class Link {
    private let connection: Connection
    private var pending = PendingReplies()
    /// Callers that have not given up.
    private var waiting = 0
    private var replyCount = 0
    private var lastReply: MonotonicTime?
    private var isRetired = false

    private init(_ connection: Connection) { self.connection = connection }

    static func open(
        _ address: SocketAddress, deadline: MonotonicTime
    ) async -> Result<Link, ClientError> {
        do {
            let fresh = Link(try await Connection.connect(to: address, deadline: deadline))
            Task { @ReactorActor in await fresh.readReplies() }
            return .success(fresh)
        } catch {
            return .failure(.unreachable(error))
        }
    }

    var isOpen: Bool { connection.isOpen }

    var isUsable: Bool { connection.isOpen && !connection.peerIsDone && !isRetired }

    func hasAnswered(since start: MonotonicTime) -> Bool { lastReply.map { $0 >= start } ?? false }

    /// Sends a command and waits for its reply; nil when the deadline has passed first.
    func exchange(
        _ command: [UInt8], _ deadline: MonotonicTime
    ) async -> Result<RESPValue, ClientError>? {
        let reply = Promise<Result<RESPValue, ClientError>>()
        let replyCountBefore = replyCount
        pending.append(reply)
        waiting += 1
        connection.send(command)
        let result = await reply.value(deadline: deadline)
        waiting -= 1
        if result == nil, replyCount == replyCountBefore { isRetired = true }
        if isRetired, waiting == 0 { fail(.closed) }
        return result
    }

    private func readReplies() async {
        do {
            while try await connection.receive() {
                while let value = try connection.take({ bytes in try RESPValue.parse(bytes) }) {
                    guard let reply = pending.takeFirst() else { return fail(.reset) }
                    replyCount += 1
                    lastReply = .now()
                    reply.fulfil(.success(value))
                }
            }
            fail(.closed)
        } catch let error as TransportError {
            fail(error)
        } catch {
            fail(.reset)
        }
    }

    func fail(_ cause: TransportError) {
        connection.close()
        while let reply = pending.takeFirst() { reply.fulfil(.failure(.unanswered(cause))) }
    }
}

/// A queue that forgets its front in amortised constant time.
@ReactorActor
private struct PendingReplies {
    typealias Reply = Promise<Result<RESPValue, ClientError>>

    private var replies: [Reply?] = []
    private var head = 0

    init() {}

    mutating func append(_ reply: Reply) { replies.append(reply) }

    mutating func takeFirst() -> Reply? {
        guard head < replies.count else { return nil }
        let reply = replies[head]
        replies[head] = nil
        head += 1
        if head == replies.count {
            replies.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024, head * 2 >= replies.count {
            replies.removeFirst(head)
            head = 0
        }
        return reply
    }
}
