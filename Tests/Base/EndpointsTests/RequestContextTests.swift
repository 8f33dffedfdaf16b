// The id and the deadline that go with a request: read from HTTP, carried through RESP, and refused when
// the time is over.

import Linux
import Reactor
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Endpoints

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct RequestContextTests {
    private let now = MonotonicTime(nanoseconds: 1_000_000_000)

    private func context(_ headers: HTTPHeaders) -> RequestContext {
        let request = HTTPRequest("GET", "/", host: "x", headers: headers)
        return RequestContext(request, at: now, timeout: .seconds(2), otherwise: "own-1")
    }

    @Test func `a request brings its id and the time that is left`() {
        let told = context(["X-Request-Id": "abc", "X-Request-Deadline-Ms": "150"])
        #expect(told.id == "abc")
        #expect(told.deadline == now + .milliseconds(150))
        #expect(!told.isOver(at: now))
        #expect(told.isOver(at: now + .milliseconds(150)))
        let plain = context([:])
        #expect(plain.id == "own-1")
        #expect(plain.deadline == now + .seconds(2))
    }

    @Test(arguments: ["9000", "nonsense", "", "99999999999999999999"])
    func `a caller cannot make a request last longer than it may`(left: String) {
        #expect(context(["X-Request-Deadline-Ms": left]).deadline == now + .seconds(2))
    }

    @Test(arguments: ["0", "-5"])
    func `a deadline that is over is over`(left: String) {
        #expect(context(["X-Request-Deadline-Ms": left]).isOver(at: now))
    }

    @Test(arguments: ["", "a b", String(repeating: "x", count: 129)])
    func `an id that would break a line is replaced`(id: String) {
        #expect(context(["X-Request-Id": id]).id == "own-1")
    }

    @Test func `a command under a context is carried out under it`() async throws {
        let server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { command in
            let id = RequestContext.current?.id ?? "none"
            return .bulk("\(id) \(command.name) \(command.count)")
        }
        defer { server.stop() }
        Task { @ReactorActor in await server.run() }
        let client = RESPClient(server.address)
        defer { client.close() }
        func ask(_ words: String...) async throws -> RESPValue {
            try await client.call(words, deadline: .now() + .seconds(10))
        }
        #expect(try await ask("with", "r-1", "500", "GET", "k") == .bulk("r-1 GET 2"))
        #expect(try await ask("GET", "k") == .bulk("none GET 2"))
        #expect(
            try await ask("WITH", "r-1", "0", "SET", "k", "v").error?.hasPrefix("OVERLOADED")
                == true)
        for wrong in [
            ["WITH"], ["WITH", "r", "10"], ["WITH", "a b", "10", "GET"], ["WITH", "r", "x", "GET"],
        ] {
            let reply = try await client.call(wrong, deadline: .now() + .seconds(10))
            #expect(reply.error?.hasPrefix("ERR") == true)
        }
        #expect(server.meter.answered == ["ok": 2, "OVERLOADED": 1, "ERR": 4])
        #expect(server.meter.inWork == 0)
    }

    @Test func `the prefix says what is left, and is none outside of a request`() async {
        #expect(RequestContext.prefix(until: .now() + .seconds(5)).isEmpty)
        let context = RequestContext(id: "r-2", deadline: .now() + .seconds(50))
        let words = await RequestContext.$current.withValue(context) {
            await Task.yield()
            return RequestContext.prefix(until: .now() + .seconds(5))
        }
        #expect(words.prefix(2) == ["WITH", "r-2"])
        #expect(words.last.flatMap(Int.init).map { (1...5000).contains($0) } == true)
    }

    @Test func `metrics are shown at their place and nowhere else`() async throws {
        let endpoint = try MetricsEndpoint(SocketAddress(ip: .loopback, port: 0)) {
            var page = MetricsPage(labels: ["node": "n-1"])
            page.gauge("x", "An x.", 1)
            return page
        }
        defer { endpoint.stop() }
        Task { @ReactorActor in await endpoint.run() }
        let client = HTTPClient(endpoint.address)
        defer { client.close() }
        func status(_ method: String, _ path: String) async throws -> HTTPResponse {
            try await client.send(
                HTTPRequest(method, path, host: "x"), deadline: .now() + .seconds(10))
        }
        let page = try await status("GET", "/metrics")
        #expect(page.status == 200)
        #expect(page.head.headers["content-type"] == MetricsPage.contentType)
        #expect(String(decoding: page.content, as: UTF8.self).hasSuffix("x{node=\"n-1\"} 1\n"))
        #expect(try await status("GET", "/").status == 404)
        #expect(try await status("POST", "/metrics").status == 405)
    }

    @Test func `what failed or took long is logged with its request, so often at most`() {
        let lines = LineBox()
        let log = Log("app-1", now: { .zero }, write: { lines.add($0) })
        var requests = RequestLog(log, tier: "app")
        var request = FinishedRequest(
            name: "GET", id: "r-7", outcome: "ok", error: nil, duration: .milliseconds(1))
        requests.note(request)
        #expect(lines.all.isEmpty)
        request.error = "UNAVAILABLE no leader"
        for _ in 0..<100 { requests.note(request) }
        #expect((1...20).contains(lines.all.count))
        #expect(lines.all.first?.contains("request=r-7 tier=app name=GET ms=1") == true)
        request.error = nil
        request.duration = .seconds(1)
        requests.patient = ["GET"]
        let before = lines.all.count
        requests.note(request)
        #expect(lines.all.count == before)
    }

    @Test func `every request is logged where that is asked for, so often at most`() {
        let lines = LineBox()
        var requests = RequestLog(
            Log("app-1", now: { .zero }, write: { lines.add($0) }), tier: "app")
        requests.isEvery = true
        let request = FinishedRequest(
            name: "GET", id: "r-8", outcome: "ok", error: nil, duration: .milliseconds(1))
        for _ in 0..<20_000 { requests.note(request) }
        #expect(lines.all.first?.contains("msg=request request=r-8 tier=app") == true)
        #expect((1..<20_000).contains(lines.all.count))
    }
}

/// Lines that a log wrote.
private final class LineBox: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }

    var all: [String] { lines.withLock { $0 } }
}

extension RESPValue {
    fileprivate var error: String? {
        if case .error(let text) = self { text } else { nil }
    }
}
