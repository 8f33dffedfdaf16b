// Who may purge, and what is written down of each request.

import Blueprint
import Endpoints
import Linux
import Reactor
import Synchronization
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct AccessTests {
        @Test(arguments: [
            ("127.0.0.0/8", "", "", 200), ("10.0.0.0/8", "", "", 403),
            ("10.0.0.0/8", "secret", "", 401), ("10.0.0.0/8", "secret", "Bearer secret", 200),
            ("10.0.0.0/8", "secret", "Bearer secreT", 401),
            ("10.0.0.0/8", "secret", "secret", 401), ("10.0.0.0/8", "", "Bearer ", 403),
            ("127.0.0.0/8", "secret", "", 200),
        ])
        func `only those may purge who are allowed to`(
            _ network: String, _ token: String, _ credentials: String, _ status: Int
        ) async throws {
            let allowed = try #require(IPv4Network(network))
            let fixture = try EdgeFixture {
                $0.purgeFrom = [allowed]
                $0.purgeToken = token
            }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send()
            let lines = credentials.isEmpty ? [] : ["Authorization: \(credentials)"]
            let order = Array("{\"all\": true}".utf8)
            let posted = try await fixture.send("POST", "/-/purge", lines, content: order)
            #expect(posted.status == status)
            #expect((posted.head.headers["www-authenticate"] != nil) == (status == 401))
            let purged = try await fixture.send("PURGE", "/a", lines)
            #expect(purged.status == status)
            #expect(fixture.edge.store.count == (status == 200 ? 0 : 1))
        }

        @Test func `each request is a line with its id and where the answer came from`()
            async throws
        {
            let written = Written()
            let fixture = try EdgeFixture(
                change: { $0.accessLog = .json }, writeLog: { written.append($0) })
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send()
            try await fixture.send("GET", "/a", ["X-Request-Id: mine"])
            try await fixture.send("GET", "/a", ["Range: bytes=0-1", "Cache-Control: max-age=9"])
            fixture.serve([], status: 404)
            try await fixture.send("POST", "/b", content: [0x78])
            try await fixture.send("GET", "/-/none")
            let isWritten = await eventually { written.lines.count == 5 }
            try #require(isWritten)
            let lines = try written.lines.map { line in
                let bytes = Array(line.utf8)
                return try JSON.parse(bytes.span)
            }
            #expect(lines.map { $0["cache"]?.string } == ["origin", "hit", "hit", "origin", "own"])
            #expect(lines.map { $0["status"]?.int } == [200, 200, 206, 404, 404])
            #expect(lines.map { $0["bytes"]?.int }.prefix(3) == [7, 7, 2])
            #expect(lines.map { $0["method"]?.string }.suffix(2) == ["POST", "GET"])
            #expect(lines[1]["id"]?.string == "mine")
            let seen = try #require(fixture.origin.requests.first?.head.headers["x-request-id"])
            #expect(lines[0]["id"]?.string == seen)
        }

        @Test func `the combined form is what log tools read`() async throws {
            let written = Written()
            let fixture = try EdgeFixture(
                change: {
                    $0.accessLog = .combined
                    $0.accessLogRate = 1
                }, writeLog: { written.append($0) })
            defer { fixture.stop() }
            try await fixture.send("GET", "/a?b=\"c\"", ["User-Agent: u", "Referer: http://r/"])
            let isWritten = await eventually { written.lines.count == 1 }
            try #require(isWritten)
            let line = written.lines[0]
            #expect(line.hasPrefix("127.0.0.1 - - ["))
            #expect(line.hasSuffix("\"GET /a?b=\\\"c\\\" HTTP/1.1\" 200 4 \"http://r/\" \"u\""))
        }
    }
}

/// What a log has written, from whatever thread.
private final class Written: Sendable {
    private let text = Mutex("")

    func append(_ more: String) { text.withLock { $0 += more } }

    var lines: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
}
