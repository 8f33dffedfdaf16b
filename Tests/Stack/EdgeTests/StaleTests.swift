// Stale answers: while the origin is asked in the background, and while it fails (RFC 5861, RFC 9111
// section 4.2.4).

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

/// What stands in for an origin that fails; 5 s stale when it is asked for.
struct OutageCase: CustomTestStringConvertible {
    let name: String
    let stored: String
    var request: [String] = []
    var granted = 0
    var isAllowed = true
    let isServed: Bool
    var testDescription: String { name }

    init(
        _ name: String, _ stored: String, request: [String] = [], granted: Int = 0,
        isAllowed: Bool = true, _ isServed: Bool
    ) {
        self.name = name
        self.stored = stored
        self.request = request
        self.granted = granted
        self.isAllowed = isAllowed
        self.isServed = isServed
    }
}

extension EdgeSuite {
    @ReactorActor
    struct StaleTests {
        @Test(arguments: outages, [500, 502, 503, 504, 0])
        func `a stale answer stands in where that is allowed`(
            _ row: OutageCase, _ failure: Int
        ) async throws {
            let fixture = try EdgeFixture {
                $0.staleIfError = .seconds(row.granted)
                $0.servesStale = row.isAllowed
                $0.connectTimeout = .milliseconds(200)
            }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: \(row.stored)", "ETag: \"a\""])
            try await fixture.send()
            fixture.clock.pass(15)
            if failure == 0 { fixture.origin.stop() } else { fixture.serve([], status: failure) }
            let answer = try await fixture.send("GET", "/a", row.request)
            #expect(answer.status == (row.isServed ? 200 : failure == 0 ? 502 : failure))
            let status = answer.field("cache-status")
            #expect(status.contains("stale-if-error") == row.isServed, "\(status)")
            if row.isServed {
                #expect(status.contains("; hit; ttl=-5"), "\(status)")
                #expect(answer.text == "content")
            }
        }

        @Test func `404 of the origin is an answer and no failure`() async throws {
            let fixture = try EdgeFixture { $0.staleIfError = .seconds(60) }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10"])
            try await fixture.send()
            fixture.clock.pass(15)
            fixture.serve([], status: 404)
            let answer = try await fixture.send()
            #expect(answer.status == 404)
        }

        @Test func `an origin that just failed is left alone for a moment`() async throws {
            let fixture = try EdgeFixture {
                $0.staleIfError = .seconds(600)
                $0.errorPause = .seconds(3600)
            }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10"])
            try await fixture.send()
            fixture.clock.pass(15)
            fixture.serve([], status: 503)
            for _ in 1...5 {
                let answer = try await fixture.send()
                #expect(answer.status == 200)
            }
            #expect(fixture.origin.requests.count == 2)
        }

        @Test func `an origin that hangs is given up in time`() async throws {
            let fixture = try EdgeFixture {
                $0.staleIfError = .seconds(600)
                $0.originTimeout = .milliseconds(60)
            }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10"])
            try await fixture.send()
            fixture.clock.pass(15)
            fixture.origin.answer = { _ in
                _ = await Promise<Int>().value()
                return HTTPResponse(200, json: .null)
            }
            let stale = try await fixture.send()
            #expect(stale.status == 200)
            let missing = try await fixture.send("GET", "/other")
            #expect(missing.status == 504)
        }

        @Test func `a client in a hurry gets what is stale, and 504 where there is nothing`()
            async throws
        {
            let fixture = try EdgeFixture { $0.staleIfError = .seconds(600) }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10"])
            try await fixture.send()
            fixture.clock.pass(15)
            let gate = Promise<Int>()
            fixture.origin.answer = { _ in
                _ = await gate.value()
                return HTTPResponse(200, json: .null)
            }
            let hurry = ["X-Request-Deadline-Ms: 50"]
            let stale = try await fixture.send("GET", "/a", hurry)
            #expect(stale.status == 200)
            let missing = try await fixture.send("GET", "/other", hurry)
            #expect(missing.status == 504)
            let passed = try #require(
                fixture.origin.requests.last?.head.headers["x-request-deadline-ms"])
            let left = try #require(Int(passed))
            #expect(left <= 50)
            gate.fulfil(1)
        }

        @Test func `stale is served at once while one request asks in the background`() async throws
        {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(
                ["Cache-Control: max-age=10, stale-while-revalidate=30", "ETag: \"a\""], body: "old"
            )
            try await fixture.send()
            fixture.clock.pass(15)
            let gate = Promise<Int>()
            fixture.origin.answer = { [unowned fixture] _ in
                _ = await gate.value()
                return fixture.response(
                    ["Cache-Control: max-age=60", "ETag: \"b\""], body: "new")
            }
            for _ in 1...4 {
                let answer = try await fixture.send()
                #expect(answer.text == "old")
                #expect(answer.field("cache-status").contains("stale-while-revalidate"))
            }
            gate.fulfil(1)
            let renewed = await eventually { (try? await fixture.send())?.text == "new" }
            #expect(renewed)
            #expect(fixture.origin.requests.count == 2)
            #expect(fixture.origin.requests.last?.head.headers["if-none-match"] == "\"a\"")
        }

        @Test func `too stale for the background is validated first`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(
                ["Cache-Control: max-age=10, stale-while-revalidate=30", "ETag: \"a\""], body: "old"
            )
            try await fixture.send()
            fixture.clock.pass(41)
            fixture.serve(["Cache-Control: max-age=10"], body: "new")
            let answer = try await fixture.send()
            #expect(answer.text == "new")
        }

        @Test func `the edge's own grant of staleness holds where the answer is silent`()
            async throws
        {
            let fixture = try EdgeFixture { $0.staleWhileRevalidate = .seconds(30) }
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=10"], body: "old")
            try await fixture.send()
            fixture.clock.pass(15)
            fixture.serve(["Cache-Control: max-age=10"], body: "new")
            let answer = try await fixture.send()
            #expect(answer.text == "old")
        }
    }
}

private let outages = [
    OutageCase("nothing is said", "max-age=10", false),
    OutageCase("the answer grants it", "max-age=10, stale-if-error=60", true),
    OutageCase("the answer grants less", "max-age=10, stale-if-error=4", false),
    OutageCase("the edge grants it", "max-age=10", granted: 60, true),
    OutageCase("the answer outdoes the edge", "max-age=10, stale-if-error=4", granted: 60, false),
    OutageCase(
        "the client grants it", "max-age=10", request: ["Cache-Control: stale-if-error=60"], true),
    OutageCase(
        "the client grants less", "max-age=10", request: ["Cache-Control: stale-if-error=4"], false),
    OutageCase("must-revalidate", "max-age=10, must-revalidate, stale-if-error=60", false),
    OutageCase("proxy-revalidate", "max-age=10, proxy-revalidate, stale-if-error=60", false),
    OutageCase("s-maxage", "s-maxage=10, stale-if-error=60", false),
    OutageCase("no-cache", "max-age=10, no-cache, stale-if-error=60", false),
    OutageCase(
        "nothing stale is served here", "max-age=10, stale-if-error=60", granted: 60,
        isAllowed: false, false),
]

/// Asks again and again until it is so; false after ten seconds.
@ReactorActor
func eventually(_ isSo: @ReactorActor () async -> Bool) async -> Bool {
    let deadline = MonotonicTime.now() + .seconds(10)
    while !(await isSo()) {
        if .now() > deadline { return false }
        await Reactor.sleep(for: .milliseconds(2))
    }
    return true
}
