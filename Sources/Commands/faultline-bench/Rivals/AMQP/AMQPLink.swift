// One connection to RabbitMQ with one channel on it: publishes with confirms, or consumes with
// acknowledgements. One question at a time; confirms and deliveries come whenever they come.

import Linux
import Reactor

@ReactorActor
final class AMQPLink {
    typealias Answer = Result<AMQPReply, BenchError>
    typealias Deliver = @ReactorActor (_ tag: UInt64, _ body: [UInt8]) -> Void

    /// Told of each message that arrives.
    var didDeliver: Deliver = { _, _ in }
    /// Told when all that arrived in one go was told of.
    var didReadAll: @ReactorActor () -> Void = {}

    private static let channel: UInt16 = 1

    private let connection: Connection
    private var question: Promise<Answer>?
    private var failure: BenchError?
    /// The publisher's own count of its messages, from 1, which confirms refer to.
    private var lastPublished: UInt64 = 0
    private var oldestUnconfirmed: UInt64 = 1
    private var unconfirmed: [UInt64: Promise<Answer>] = [:]
    /// A delivery whose content is still coming: its tag, the bytes that are missing, the body.
    private var incoming: (tag: UInt64, missing: Int, body: [UInt8])?

    /// Logs in and opens the channel.
    static func open(_ address: SocketAddress, deadline: MonotonicTime) async throws -> AMQPLink {
        let link = AMQPLink(try await Connection.connect(to: address, deadline: deadline))
        Task { @ReactorActor in await link.read() }
        do {
            try await link.logIn(deadline)
        } catch {
            link.close()
            throw error
        }
        return link
    }

    private init(_ connection: Connection) { self.connection = connection }

    private func logIn(_ deadline: MonotonicTime) async throws {
        let opening = Array("AMQP".utf8) + [0, 0, 9, 1]
        guard try await ask(opening, deadline) == .start else {
            throw BenchError("AMQP: no start")
        }
        let identity = AMQPRequest.startOk(user: "guest", password: "guest")
        guard
            case .tune(let channelMax, _) = try await ask(
                Self.frame(identity, channel: 0), deadline)
        else { throw BenchError("AMQP: no tune") }
        let terms = AMQPRequest.tuneOk(
            channelMax: channelMax, frameMax: UInt32(AMQPFrame.sizeMax))
        connection.send(Self.frame(terms, channel: 0))
        _ = try await ask(Self.frame(.open, channel: 0), deadline)
        try await call(.openChannel, deadline: deadline)
    }

    func close() {
        connection.send(Self.frame(.close, channel: 0))
        fail(BenchError("AMQP: closed"))
    }

    // MARK: Asking

    /// Asks on the channel and waits for the answer.
    func call(_ request: AMQPRequest, deadline: MonotonicTime) async throws {
        guard try await ask(Self.frame(request), deadline) == .done else {
            throw BenchError("AMQP: unexpected answer")
        }
    }

    private func ask(_ bytes: [UInt8], _ deadline: MonotonicTime) async throws -> AMQPReply {
        if let failure { throw failure }
        precondition(question == nil, "one question at a time")
        let promise = Promise<Answer>()
        question = promise
        connection.send(bytes)
        guard let answer = await promise.value(deadline: deadline) else {
            fail(BenchError("AMQP: no answer in time"))
            throw BenchError("AMQP: no answer in time")
        }
        return try answer.get()
    }

    private static func frame(_ request: AMQPRequest, channel: UInt16 = channel) -> [UInt8] {
        AMQPFrame(kind: .method, channel: channel, payload: request.payload).bytes
    }

    // MARK: Messages

    /// Publishes a persistent message and waits for the broker's confirm; confirms must be on.
    func publish(_ body: [UInt8], to queue: String, deadline: MonotonicTime) async throws {
        if let failure { throw failure }
        lastPublished += 1
        let number = lastPublished
        let promise = Promise<Answer>()
        unconfirmed[number] = promise
        connection.send(
            Self.frame(.publish(queue: queue))
                + AMQPContent.frames(body, channel: Self.channel))
        guard let answer = await promise.value(deadline: deadline) else {
            throw BenchError("AMQP: no confirm in time")
        }
        _ = try answer.get()
    }

    func acknowledge(_ tag: UInt64, isMultiple: Bool) {
        connection.send(Self.frame(.acknowledge(tag, isMultiple: isMultiple)))
    }

    // MARK: Reading

    private func read() async {
        do {
            while try await connection.receive() {
                while let frame = try connection.take({ try AMQPFrame.parse($0) }) {
                    try take(frame)
                }
                didReadAll()
            }
            fail(BenchError("AMQP: the server closed the connection"))
        } catch {
            fail(BenchError("AMQP: \(error)"))
        }
    }

    private func take(_ frame: AMQPFrame) throws(AMQPError) {
        switch frame.kind {
        case .method: take(try AMQPReply(payload: frame.payload))
        case .header:
            incoming?.missing = try AMQPContent.bodySize(head: frame.payload)
            deliverIfWhole()
        case .body:
            incoming?.body += frame.payload
            incoming?.missing -= frame.payload.count
            deliverIfWhole()
        case .heartbeat: break
        }
    }

    private func deliverIfWhole() {
        guard let (tag, missing, body) = incoming, missing <= 0 else { return }
        incoming = nil
        didDeliver(tag, body)
    }

    private func take(_ reply: AMQPReply) {
        switch reply {
        case .start, .tune, .done:
            let asked = question
            question = nil
            asked?.fulfil(.success(reply))
        case .deliver(let tag): incoming = (tag, 0, [])
        case .confirmed(let number, let isMultiple, let isTaken):
            let first = isMultiple ? min(oldestUnconfirmed, number) : number
            confirm(first...number, isTaken)
        case .closed(let code, let reason):
            connection.send(Self.frame(.closeOk, channel: 0))
            fail(BenchError("AMQP: the server closed: \(code) \(reason)"))
        }
    }

    private func confirm(_ numbers: ClosedRange<UInt64>, _ isTaken: Bool) {
        for number in numbers {
            unconfirmed.removeValue(forKey: number)?.fulfil(
                isTaken ? .success(.done) : .failure(BenchError("AMQP: a message was refused")))
        }
        while oldestUnconfirmed <= lastPublished, unconfirmed[oldestUnconfirmed] == nil {
            oldestUnconfirmed += 1
        }
    }

    private func fail(_ error: BenchError) {
        connection.close()
        failure = failure ?? error
        question?.fulfil(.failure(error))
        question = nil
        for promise in unconfirmed.values { promise.fulfil(.failure(error)) }
        unconfirmed = [:]
    }
}
