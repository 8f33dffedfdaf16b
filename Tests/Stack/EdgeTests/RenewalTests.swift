// What later answers do to a stored one: 304 and HEAD renew it, unsafe methods end it (RFC 9111
// sections 3.2, 4.3.4, 4.3.5 and 4.4).

import Endpoints
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct RenewalTests {
        @Test(arguments: [
            ("Test-Header", "A", "B", true), ("X-Frame-Options", "deny", "sameorigin", true),
            ("Content-Type", "text/plain", "text/html", true),
            ("Content-Location", "/x", "/y", true), ("Set-Cookie", "a=b", "a=c", true),
            ("Expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT", true),
            ("Content-Encoding", "br", "gzip", true), ("Content-Range", "x", "y", true),
            ("Proxy-Authenticate", "x", "y", false),
        ])
        func `a 304 renews stored fields`(
            _ name: String, _ old: String, _ new: String, _ isRenewed: Bool
        ) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=1", "ETag: \"a\"", "\(name): \(old)", "Only: 1"])
            try await fixture.send()
            fixture.clock.pass(2)
            fixture.serve(
                ["Cache-Control: max-age=600", "ETag: \"a\"", "\(name): \(new)"], status: 304)
            for _ in 1...2 {
                let answer = try await fixture.send()
                #expect(answer.status == 200)
                #expect(answer.text == "content")
                #expect(answer.head.headers.values(of: name) == (isRenewed ? [new] : []))
                #expect(answer.field("only") == "1")
                #expect(answer.field("content-length") == "7")
                #expect(answer.field("cache-control") == "max-age=600")
            }
            #expect(fixture.origin.requests.count == 2)
        }

        @Test func `the age starts anew with a 304`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"a\"", "Age: 50"])
            try await fixture.send()
            fixture.clock.pass(20)
            fixture.serve(["ETag: \"a\""], status: 304)
            try await fixture.send()
            fixture.clock.pass(7)
            let answer = try await fixture.send()
            #expect(answer.field("age") == "7")
            #expect(fixture.origin.requests.count == 2)
        }

        @Test func `the age grows while it is stored, and its Date stays`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=600", "Age: 30"])
            let made = fixture.clock.date()
            try await fixture.send()
            fixture.clock.pass(12)
            let answer = try await fixture.send()
            #expect(answer.field("age") == "42")
            #expect(answer.field("date") == made)
        }

        @Test func `HEAD of the same content renews what is stored`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=1", "ETag: \"a\"", "Test: 1", "Only: 1"])
            try await fixture.send()
            fixture.clock.pass(2)
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"a\"", "Test: 2"])
            try await fixture.send("HEAD")
            #expect(fixture.origin.requests.last?.head.method == "HEAD")
            let answer = try await fixture.send()
            #expect(answer.field("test") == "2")
            #expect(answer.field("only") == "1")
            #expect(answer.text == "content")
            #expect(fixture.origin.requests.count == 2)
        }

        @Test func `HEAD of other content makes what is stored stale`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"a\""])
            try await fixture.send()
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"b\""])
            try await fixture.send("HEAD", "/a", ["Cache-Control: no-cache"])
            try await fixture.send()
            #expect(fixture.origin.requests.count == 3)
            #expect(fixture.origin.requests.last?.head.headers["if-none-match"] == "\"a\"")
        }

        @Test(arguments: [
            ("POST", 200, true), ("PUT", 204, true), ("DELETE", 200, true),
            ("PATCH", 200, true), ("M-SEARCH", 200, true), ("POST", 303, true),
            ("POST", 500, false), ("PUT", 404, false), ("DELETE", 403, false),
            ("OPTIONS", 200, false), ("HEAD", 200, false),
        ])
        func `an unsafe method that succeeds ends what is stored`(
            _ method: String, _ status: Int, _ isEnded: Bool
        ) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send()
            fixture.serve([], status: status)
            try await fixture.send(method, "/a", content: method == "HEAD" ? [] : [0x78])
            let before = fixture.origin.requests.count
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send()
            #expect(fixture.origin.requests.count == before + (isEnded ? 1 : 0))
        }

        @Test(arguments: [
            ("Location: /b", true), ("Content-Location: /b", true),
            ("Location: b", true),  // relative to the folder of /a
            ("Location: ./x/../b", true), ("Content-Location: http://www.example.com/b", true),
            ("Location: http://other.example.com/b", false),  // another origin
            ("Location: //other.example.com/b", false), ("Link: /b", false),
        ])
        func `an unsafe method ends what its answer names`(
            _ field: String, _ isEnded: Bool
        ) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send("GET", "/b")
            fixture.serve([field], status: 201)
            try await fixture.send("POST", "/a", content: [0x78])
            fixture.serve(["Cache-Control: max-age=60"])
            try await fixture.send("GET", "/b")
            #expect(fixture.origin.requests.count == (isEnded ? 3 : 2))
        }
    }
}
