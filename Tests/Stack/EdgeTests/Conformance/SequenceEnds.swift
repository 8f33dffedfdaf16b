// The two ends of a sequence: an origin that answers by the step that is due, and a client that also
// sees the answers before the last.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

@ReactorActor
final class SequenceOrigin {
    private let listener: Listener
    private var step = Step()
    private var fields: HTTPHeaders = [:]
    /// The request of this step; nil when none came.
    private(set) var seen: HTTPRequestHead?

    var address: SocketAddress { listener.address }

    init() throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor [self] in
            while let connection = await listener.acceptNext() {
                Task { @ReactorActor [self] in try? await serve(connection) }
            }
        }
    }

    func stop() { listener.close() }

    func expect(_ step: Step, _ fields: HTTPHeaders, date: String) {
        self.step = step
        self.fields = fields
        if fields["date"] == nil { self.fields["Date"] = date }
        seen = nil
    }

    var reached: Second {
        guard let seen else { return .stored }
        let conditions = ["if-none-match", "if-modified-since"]
        return conditions.contains { seen.headers[$0] != nil } ? .validated : .fetched
    }

    private func serve(_ connection: Connection) async throws {
        defer { connection.close() }
        while let head = try await connection.requestHead(
            limits: .standard, deadline: .now() + .seconds(20))
        {
            _ = try await connection.requestContent(
                of: head, limits: .standard, deadline: .now() + .seconds(20))
            seen = head
            if step.breaksOff { return }
            connection.send(answer(to: head))
        }
    }

    private func answer(to request: HTTPRequestHead) -> [UInt8] {
        var bytes: [UInt8] = []
        for interim in step.interims {
            bytes += Array("HTTP/1.1 \(interim.status) Interim\r\n".utf8)
            for line in interim.lines { bytes += Array("\(line)\r\n".utf8) }
            bytes += [0x0D, 0x0A]
        }
        var head = HTTPResponseHead(status: step.status, headers: fields)
        if HTTPResponseHead.hasNoContent(step.status) {
            head.encode(into: &bytes)
        } else if request.method == "HEAD" {
            head.headers["Content-Length"] = String(step.body.utf8.count)
            head.body = .none
            head.encode(into: &bytes)
        } else {
            head.encode(into: &bytes, content: Array(step.body.utf8))
        }
        return bytes
    }
}

@ReactorActor
enum SequenceClient {
    struct Outcome {
        var interims: [HTTPResponseHead] = []
        var head: HTTPResponseHead
        var text: String
    }

    static func send(_ step: Step, _ fixture: EdgeFixture) async throws -> Outcome {
        let connection = try await Connection.connect(
            to: fixture.address, deadline: .now() + .seconds(10))
        defer { connection.close() }
        let request = HTTPRequestHead(
            method: step.method, target: "/a", host: "www.example.com",
            headers: fixture.fields(step.asks))
        var bytes: [UInt8] = []
        if step.sends.isEmpty {
            request.encode(into: &bytes)
        } else {
            request.encode(into: &bytes, content: Array(step.sends.utf8))
        }
        connection.send(bytes)
        var interims: [HTTPResponseHead] = []
        var head = try await head(of: connection, answering: step.method)
        while head.isInterim {
            interims.append(head)
            head = try await self.head(of: connection, answering: step.method)
        }
        let text = try await content(of: head, connection)
        return Outcome(interims: interims, head: head, text: text)
    }

    private static func head(
        of connection: Connection, answering method: String
    ) async throws -> HTTPResponseHead {
        while true {
            let head = try connection.take { (bytes) throws(HTTPError) in
                try HTTPResponseHead.parse(bytes, answering: method)
            }
            if let head { return head }
            let isMore = try await connection.receive(deadline: .now() + .seconds(20))
            try #require(isMore)
        }
    }

    private static func content(
        of head: HTTPResponseHead, _ connection: Connection
    ) async throws -> String {
        var decoder = HTTPBodyDecoder(head.body)
        var content: [UInt8] = []
        while !decoder.isDone {
            let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
                try decoder.consume(bytes, into: &content).consumed
            }
            connection.inbound.consume(consumed)
            if decoder.isDone { break }
            guard try await connection.receive(deadline: .now() + .seconds(20)) else { break }
        }
        return String(decoding: content, as: UTF8.self)
    }
}
