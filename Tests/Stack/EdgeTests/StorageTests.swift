// Whether an answer is kept at all (RFC 9111 section 3), what a request says to that (section 5.2.1),
// and which stored answer fits a request (section 4.1).

import Blueprint
import Endpoints
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct StorageTests {
        @Test(arguments: storing + statuses + requests + vary)
        func `an answer is kept if it may be and fits`(_ row: CacheCase) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let second = try await row.run(on: fixture)
            #expect(second == row.expected)
        }

        @Test func `only-if-cached gets what is stored or 504`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            let refused = try await fixture.send("GET", "/a", ["Cache-Control: only-if-cached"])
            #expect(refused.status == 504)
            #expect(fixture.origin.requests.isEmpty)
            try await fixture.send()
            let stored = try await fixture.send("GET", "/a", ["Cache-Control: only-if-cached"])
            #expect(stored.status == 200)
            #expect(fixture.origin.requests.count == 1)
        }

        @Test func `fields of one connection, of the proxy and of the user are not kept`()
            async throws
        {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve([
                "Cache-Control: max-age=60, no-cache=\"X-Nonce\", private=\"X-Mine\"",
                "X-Nonce: 1", "X-Mine: 1", "X-Other: 1",
                "Proxy-Authenticate: Basic", "Keep-Alive: timeout=5", "Set-Cookie: a=b",
                "Upgrade: h2c",
            ])
            try await fixture.send()
            let stored = try await fixture.send()
            #expect(fixture.origin.requests.count == 1)
            for name in [
                "x-nonce", "x-mine", "proxy-authenticate", "keep-alive", "upgrade",
            ] {
                #expect(stored.head.headers[name] == nil, "\(name)")
            }
            #expect(stored.field("x-other") == "1")
            #expect(stored.field("set-cookie") == "a=b")
        }

        @Test func `fields that Connection names go no further`() async throws {
            let source = try TricklingOrigin(
                pieces: ["one"], fields: ["Connection: X-Hop", "X-Hop: 1", "X-Other: 1"])
            defer { source.stop() }
            let fixture = try EdgeFixture(behind: [
                NamedAddress(name: "origin", address: source.address)
            ])
            defer { fixture.stop() }
            for _ in 1...2 {
                let answer = try await fixture.send()
                #expect(answer.head.headers["x-hop"] == nil)
                #expect(answer.head.headers["connection"] == nil)
                #expect(answer.field("x-other") == "1")
            }
            #expect(source.requests == 1)
        }

        @Test func `an answer to POST serves GET if it says that it would`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60", "Content-Location: /a"], body: "posted")
            try await fixture.send("POST", "/a", content: Array("x".utf8))
            let stored = try await fixture.send()
            #expect(stored.text == "posted")
            #expect(fixture.origin.requests.count == 1)
            fixture.serve(["Cache-Control: max-age=60", "Content-Location: /other"])
            try await fixture.send("POST", "/b", content: Array("x".utf8))
            try await fixture.send("GET", "/b")
            #expect(fixture.origin.requests.count == 3)
        }

        @Test func `each variant has its own stored answer`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.origin.answer = { [unowned fixture] request in
                fixture.response(
                    ["Cache-Control: max-age=60", "Vary: Accept-Language"],
                    body: request.head.headers["accept-language"] ?? "none")
            }
            for language in ["en", "de", "en", "de"] {
                let answer = try await fixture.send("GET", "/a", ["Accept-Language: \(language)"])
                #expect(answer.text == language)
            }
            let plain = try await fixture.send()
            #expect(plain.text == "none")
            #expect(fixture.origin.requests.count == 3)
        }

        @Test func `host, path and query tell answers apart, and nothing else does`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            for target in [
                "/a", "/b", "/a?x=1", "/a?x=2", "/a?x=1", "/a", "http://WWW.example.com/a",
            ] {
                try await fixture.send("GET", target)
            }
            #expect(fixture.origin.requests.count == 4)
            try await fixture.send("GET", "http://other.example.com/a")
            #expect(fixture.origin.requests.count == 5)
            let last = try #require(fixture.origin.requests.last)
            #expect(last.head.target == "/a")
            #expect(last.head.headers["host"] == "other.example.com")
        }
    }
}

private let storing: [CacheCase] = [
    CacheCase("no-store", ["Cache-Control: no-store, max-age=60"], .fetched),
    CacheCase("no-store in any case", ["Cache-Control: nO-StOrE", "Expires: {+60}"], .fetched),
    CacheCase("private", ["Cache-Control: private, max-age=60"], .fetched),
    CacheCase("private for one field", ["Cache-Control: private=\"x\", max-age=60"], .stored),
    CacheCase("no-cache for one field", ["Cache-Control: no-cache=\"x\", max-age=60"], .stored),
    CacheCase(
        "Set-Cookie does not matter", ["Cache-Control: max-age=60", "Set-Cookie: a=b"], .stored),
    CacheCase(
        "Pragma in an answer does not matter", ["Cache-Control: max-age=60", "Pragma: no-cache"],
        .stored),
    CacheCase(
        "must-understand outdoes no-store",
        ["Cache-Control: must-understand, no-store, max-age=60"],
        .stored),
    CacheCase(
        "must-understand of an unknown status",
        ["Cache-Control: must-understand, no-store, max-age=60"], status: 299, .fetched),
    CacheCase(
        "Authorization", ["Cache-Control: max-age=60"], first: ["Authorization: x"], .fetched),
    CacheCase(
        "Authorization and public", ["Cache-Control: public, max-age=60"],
        first: ["Authorization: x"], .stored),
    CacheCase(
        "Authorization and s-maxage", ["Cache-Control: s-maxage=60"], first: ["Authorization: x"],
        .stored),
    CacheCase(
        "Authorization and must-revalidate", ["Cache-Control: must-revalidate, max-age=60"],
        first: ["Authorization: x"], .stored),
    CacheCase(
        "Cookie does not matter", ["Cache-Control: max-age=60"], second: ["Cookie: a=b"], .stored),
]

private let statuses: [CacheCase] =
    [203, 204, 299, 301, 302, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599].flatMap {
        status in
        [
            CacheCase(
                "\(status) that is fresh", ["Cache-Control: max-age=60"], status: status, wait: 59,
                .stored),
            CacheCase(
                "\(status) that is stale", ["Cache-Control: max-age=60"], status: status, wait: 60,
                .fetched),
        ]
    }

private let requests: [CacheCase] = [
    CacheCase(
        "max-age=0 asks the origin", ["Cache-Control: max-age=60"],
        second: ["Cache-Control: max-age=0"], wait: 1, .fetched),
    CacheCase(
        "max-age above its age", ["Cache-Control: max-age=60"],
        second: ["Cache-Control: max-age=10"], wait: 9, .stored),
    CacheCase(
        "max-age below its age", ["Cache-Control: max-age=60", "ETag: \"a\""],
        second: ["Cache-Control: max-age=10"], wait: 11, .validated),
    CacheCase(
        "max-age below an age that it came with", ["Cache-Control: max-age=60", "Age: 30"],
        second: ["Cache-Control: max-age=10"], .fetched),
    CacheCase(
        "min-fresh that it has", ["Cache-Control: max-age=60"],
        second: ["Cache-Control: min-fresh=30"], wait: 29, .stored),
    CacheCase(
        "min-fresh that it has not", ["Cache-Control: max-age=60"],
        second: ["Cache-Control: min-fresh=30"], wait: 31, .fetched),
    CacheCase(
        "max-stale of enough", ["Cache-Control: max-age=10", "ETag: \"a\""],
        second: ["Cache-Control: max-stale=20"], wait: 29, .stored),
    CacheCase(
        "max-stale of too little", ["Cache-Control: max-age=10", "ETag: \"a\""],
        second: ["Cache-Control: max-stale=20"], wait: 31, .validated),
    CacheCase(
        "max-stale of any length", ["Cache-Control: max-age=10", "ETag: \"a\""],
        second: ["Cache-Control: max-stale"], wait: 9999, .stored),
    CacheCase(
        "max-stale against must-revalidate",
        ["Cache-Control: max-age=10, must-revalidate", "ETag: \"a\""],
        second: ["Cache-Control: max-stale"], wait: 11, .validated),
    CacheCase(
        "max-stale against s-maxage", ["Cache-Control: s-maxage=10", "ETag: \"a\""],
        second: ["Cache-Control: max-stale"], wait: 11, .validated),
    CacheCase(
        "no-cache", ["Cache-Control: max-age=60"], second: ["Cache-Control: no-cache"], .fetched),
    CacheCase(
        "no-cache with an entity tag", ["Cache-Control: max-age=60", "ETag: \"a\""],
        second: ["Cache-Control: no-cache"], .validated),
    CacheCase(
        "no-cache with a date", ["Cache-Control: max-age=60", "Last-Modified: {-600}"],
        second: ["Cache-Control: no-cache"], .validated),
    CacheCase(
        "no-store", ["Cache-Control: max-age=60"], second: ["Cache-Control: no-store"], .fetched),
    CacheCase(
        "no-store the first time", ["Cache-Control: max-age=60"],
        first: ["Cache-Control: no-store"],
        .fetched),
    CacheCase(
        "Pragma is of the past", ["Cache-Control: max-age=60"], second: ["Pragma: no-cache"],
        .stored),
]

private let vary: [CacheCase] = [
    varying("the same value", "Foo", ["Foo: 1"], ["Foo: 1"], .stored),
    varying("another value", "Foo", ["Foo: 1"], ["Foo: 2"], .fetched),
    varying("the field left out", "Foo", ["Foo: 1"], [], .fetched),
    varying("the field left out twice", "Foo", [], [], .stored),
    varying("the field added", "Foo", [], ["Foo: 1"], .fetched),
    varying(
        "other fields do not matter", "Foo", ["Foo: 1", "Bar: 1"], ["Foo: 1", "Bar: 2"], .stored),
    varying("two fields", "Foo, Bar", ["Foo: 1", "Bar: 2"], ["Bar: 2", "Foo: 1"], .stored),
    varying(
        "one of two differs", "Foo, Bar", ["Foo: 1", "Bar: 2"], ["Foo: 1", "Bar: 3"], .fetched),
    varying("names in any case", "fOO", ["Foo: 1"], ["FOO: 2"], .fetched),
    varying("white space", "Foo", ["Foo: 1,2"], ["Foo:  1 ,  2 "], .stored),
    varying("lines put together", "Foo", ["Foo: 1, 2"], ["Foo: 1", "Foo: 2"], .stored),
    varying("order counts", "Foo", ["Foo: 1, 2"], ["Foo: 2, 1"], .fetched),
    varying(
        "languages in any case", "Accept-Language", ["Accept-Language: en"],
        ["Accept-Language: EN"], .stored),
    varying("everything", "*", ["Foo: 1"], ["Foo: 1"], .fetched),
    varying("everything among others", "Foo, *", ["Foo: 1"], ["Foo: 1"], .fetched),
    varying("everything behind nothing", ", *", ["Foo: 1"], ["Foo: 1"], .fetched),
]

private func varying(
    _ name: String, _ fields: String, _ first: [String], _ second: [String], _ expected: Second
) -> CacheCase {
    CacheCase(
        "Vary: \(name)", ["Cache-Control: max-age=60", "Vary: \(fields)"], first: first,
        second: second, expected)
}
