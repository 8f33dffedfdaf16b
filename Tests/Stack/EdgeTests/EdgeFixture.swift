// An edge between a client and an origin of the test's own, over loopback, under a clock that the
// test sets: a minute passes in no time.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

/// Tests that share the loop of the process, one after the other.
@Suite(.serialized) struct EdgeSuite {}

/// An origin whose answers the test decides.
@ReactorActor
final class ScriptedOrigin {
    typealias Answer = @ReactorActor (HTTPRequest) async -> HTTPResponse

    /// Set by the test at any time.
    var answer: Answer
    private(set) var requests: [HTTPRequest] = []
    private var server: HTTPServer?

    init(_ answer: @escaping Answer = { _ in HTTPResponse(200, json: .null) }) throws {
        self.answer = answer
        server = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { [unowned self] request in
            requests.append(request)
            return await self.answer(request)
        }
        Task { @ReactorActor [server] in await server?.run() }
    }

    var address: SocketAddress { get throws { try #require(server?.address) } }

    func stop() { server?.stop() }
}

/// A clock that stands still unless told otherwise.
final class TestClock {
    /// 2026-11-24T12:00:00Z
    static let start = Moment(milliseconds: 1_000_000, wallSeconds: 1_795_521_600)

    private(set) var now = TestClock.start

    func pass(_ seconds: Double) {
        now.milliseconds += Int64(seconds * 1000)
        now.wallSeconds =
            Self.start.wallSeconds
            + (now.milliseconds - Self.start.milliseconds) / 1000
    }

    /// The date in so many seconds from now.
    func date(_ offset: Int64 = 0) -> String { HTTPDate.format(now.wallSeconds + offset) }
}

@ReactorActor
final class EdgeFixture {
    let origin: ScriptedOrigin
    let edge: EdgeServer
    let client: HTTPClient
    let clock = TestClock()
    let address: SocketAddress

    init(
        name: String = "edge-1", behind others: [NamedAddress] = [],
        change: (inout EdgeSettings) -> Void = { _ in },
        writeLog: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        origin = try ScriptedOrigin()
        var settings = EdgeSettings(
            origins: others.isEmpty
                ? [NamedAddress(name: "origin", address: try origin.address)] : others)
        settings.connectTimeout = .seconds(10)
        settings.originTimeout = .seconds(15)
        settings.staleIfError = .zero
        change(&settings)
        edge = try EdgeServer(
            name: name, listen: SocketAddress(ip: .loopback, port: 0), settings: settings,
            clock: { [clock] in clock.now }, writeLog: writeLog)
        address = try #require(edge.address)
        client = HTTPClient(address)
        Task { @ReactorActor [edge] in await edge.run() }
    }

    func stop() {
        client.close()
        edge.stop()
        origin.stop()
    }

    /// Sends a request; header lines as `Name: value`.
    @discardableResult
    func send(
        _ method: String = "GET", _ target: String = "/a", _ lines: [String] = [],
        content: [UInt8] = []
    ) async throws -> HTTPResponse {
        let head = HTTPRequestHead(
            method: method, target: target, host: "www.example.com", headers: fields(lines))
        return try await client.send(
            HTTPRequest(head: head, content: content), deadline: .now() + .seconds(20))
    }

    /// Field lines in which `{+N}` and `{-N}` are dates so many seconds from now.
    func fields(_ lines: [String]) -> HTTPHeaders {
        var fields: HTTPHeaders = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            var value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            if let open = value.firstIndex(of: "{"), let close = value.firstIndex(of: "}"),
                let offset = Int64(value[value.index(after: open)..<close])
            {
                value.replaceSubrange(open...close, with: clock.date(offset))
            }
            fields.append(String(parts[0]), String(value))
        }
        return fields
    }

    /// An origin that answers always alike, with Date unless the lines bring one.
    func serve(_ lines: [String], status: Int = 200, body: String = "content") {
        origin.answer = { [unowned self] _ in response(lines, status: status, body: body) }
    }

    func response(_ lines: [String], status: Int = 200, body: String = "content") -> HTTPResponse {
        var fields = fields(lines)
        if fields["date"] == nil { fields["Date"] = clock.date() }
        return HTTPResponse(
            head: HTTPResponseHead(status: status, headers: fields), content: Array(body.utf8))
    }
}

extension HTTPResponse {
    var text: String { String(decoding: content, as: UTF8.self) }

    /// The value of a field, or the empty text.
    func field(_ name: String) -> String { head.headers[name] ?? "" }
}

/// What became of the second request of a case.
enum Second: Equatable {
    /// Answered from the store without a word to the origin.
    case stored
    /// Sent to the origin without conditions.
    case fetched
    /// Sent to the origin with If-None-Match or If-Modified-Since.
    case validated
}

/// Two requests for one URI, and where the second answer came from.
struct CacheCase: CustomTestStringConvertible {
    let name: String
    /// Field lines of the origin's answer.
    let answer: [String]
    var status = 200
    var first: [String] = []
    var second: [String] = []
    /// Seconds between the two.
    var wait: Double = 0
    let expected: Second

    init(
        _ name: String, _ answer: [String], status: Int = 200, first: [String] = [],
        second: [String] = [], wait: Double = 0, _ expected: Second
    ) {
        self.name = name
        self.answer = answer
        self.status = status
        self.first = first
        self.second = second
        self.wait = wait
        self.expected = expected
    }

    var testDescription: String { name }

    @ReactorActor
    func run(on fixture: EdgeFixture) async throws -> Second {
        fixture.serve(answer, status: status)
        let before = fixture.origin.requests.count
        let answer = try await fixture.send("GET", "/a", first)
        #expect(answer.status == status)
        fixture.clock.pass(wait)
        try await fixture.send("GET", "/a", second)
        let seen = fixture.origin.requests.dropFirst(before + 1)
        guard let request = seen.first else { return .stored }
        #expect(seen.count == 1)
        let headers = request.head.headers
        let isConditional =
            headers["if-none-match"] != nil || headers["if-modified-since"] != nil
        return isConditional ? .validated : .fetched
    }
}
