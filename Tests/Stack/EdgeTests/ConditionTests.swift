// Conditions and ranges of clients, answered from what is stored (RFC 9110 sections 13 and 14, RFC 9111
// section 4.3.2).

import Blueprint
import Endpoints
import Reactor
import Testing
import Wire

@testable import Edge

/// A request with conditions for an answer that is stored and fresh.
struct ConditionCase: CustomTestStringConvertible {
    let name: String
    let stored: [String]
    let request: [String]
    let status: Int
    var testDescription: String { name }

    init(_ name: String, _ stored: [String], _ request: [String], _ status: Int) {
        self.name = name
        self.stored = stored
        self.request = request
        self.status = status
    }
}

/// A Range and what comes of it; the content is `0123456789`.
struct RangeCase: CustomTestStringConvertible {
    let range: String
    var condition: [String] = []
    let status: Int
    let content: String
    var testDescription: String { "\(range) \(condition)" }
}

extension EdgeSuite {
    @ReactorActor
    struct ConditionTests {
        @Test(arguments: conditions)
        func `a condition is answered from the store`(_ row: ConditionCase) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=600"] + row.stored)
            try await fixture.send()
            let answer = try await fixture.send("GET", "/a", row.request)
            #expect(answer.status == row.status)
            #expect(fixture.origin.requests.count == 1)
            #expect(answer.text == (row.status == 304 ? "" : "content"))
            if row.status == 304 { #expect(answer.field("cache-control") == "max-age=600") }
        }

        @Test func `304 repeats the validator and what a cache goes by`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve([
                "Cache-Control: max-age=600", "ETag: \"a\"", "Vary: Foo", "Expires: {+9}",
                "Content-Type: text/plain", "Content-Location: /x",
            ])
            try await fixture.send()
            let answer = try await fixture.send("GET", "/a", ["If-None-Match: \"a\""])
            #expect(answer.field("etag") == "\"a\"")
            #expect(answer.field("vary") == "Foo")
            #expect(answer.field("expires") == fixture.clock.date(9))
            #expect(answer.field("content-location") == "/x")
            #expect(answer.field("age") == "0")
            #expect(answer.head.headers["content-type"] == nil)
        }

        @Test func `bytes beyond ASCII in a tag come back as they were`() async throws {
            let source = try TricklingOrigin(
                pieces: ["one"], tag: Array("ETag: \"a".utf8) + [0xFC, 0x22])
            defer { source.stop() }
            let fixture = try EdgeFixture(behind: [
                NamedAddress(name: "origin", address: source.address)
            ])
            defer { fixture.stop() }
            try await fixture.send()
            let client = try await RawClient(
                fixture.address, "/a", Array("If-None-Match: \"a".utf8) + [0xFC, 0x22])
            let isAnswered = await client.receive(until: "\r\n\r\n")
            #expect(isAnswered)
            #expect(client.text.hasPrefix("HTTP/1.1 304 "))
            #expect(client.bytes.contains([0x61, 0xFC, 0x22]))
            client.close()
        }

        @Test func `a condition that nothing is stored for goes to the origin`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["ETag: \"a\""], status: 304)
            let answer = try await fixture.send("GET", "/a", ["If-None-Match: \"a\""])
            #expect(answer.status == 304)
            let seen = try #require(fixture.origin.requests.first)
            #expect(seen.head.headers["if-none-match"] == "\"a\"")
        }

        @Test func `a stale answer is validated first, by the validators of the store`()
            async throws
        {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=1", "ETag: \"a\"", "Last-Modified: {-600}"])
            let date = fixture.clock.date(-600)
            try await fixture.send()
            fixture.clock.pass(2)
            fixture.serve(["Cache-Control: max-age=1", "ETag: \"a\""], status: 304)
            let answer = try await fixture.send("GET", "/a", ["If-None-Match: \"b\", \"a\""])
            #expect(answer.status == 304)
            let seen = try #require(fixture.origin.requests.last)
            #expect(seen.head.headers["if-none-match"] == "\"a\"")
            #expect(seen.head.headers["if-modified-since"] == date)
            let other = try await fixture.send("GET", "/a", ["If-None-Match: \"b\""])
            #expect(other.status == 200)
            #expect(other.text == "content")
        }

        @Test func `a new answer is held against the condition as well`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=1", "ETag: \"a\""])
            try await fixture.send()
            fixture.clock.pass(2)
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"b\""], body: "new")
            let answer = try await fixture.send("GET", "/a", ["If-None-Match: \"b\""])
            #expect(answer.status == 304)
            let next = try await fixture.send()
            #expect(next.text == "new")
            #expect(fixture.origin.requests.count == 2)
        }

        @Test(arguments: ranges)
        func `a part is cut from the stored whole`(_ row: RangeCase) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(
                ["Cache-Control: max-age=60", "ETag: \"a\"", "Last-Modified: {-600}"],
                body: "0123456789")
            try await fixture.send()
            let answer = try await fixture.send(
                "GET", "/a", ["Range: \(row.range)"] + row.condition)
            #expect(answer.status == row.status)
            #expect(answer.text == row.content)
            #expect(fixture.origin.requests.count == 1)
            switch row.status {
            case 206: #expect(answer.field("content-range").hasSuffix("/10"))
            case 416: #expect(answer.field("content-range") == "bytes */10")
            default: #expect(answer.head.headers["content-range"] == nil)
            }
        }

        @Test func `a range that nothing is stored for passes through`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(
                ["Cache-Control: max-age=60", "Content-Range: bytes 2-3/10"], status: 206,
                body: "23")
            for count in 1...2 {
                let answer = try await fixture.send("GET", "/a", ["Range: bytes=2-3"])
                #expect(answer.status == 206)
                #expect(answer.text == "23")
                #expect(fixture.origin.requests.count == count)
            }
            #expect(fixture.origin.requests.last?.head.headers["range"] == "bytes=2-3")
            fixture.serve(["Cache-Control: max-age=60"], body: "0123456789")
            let whole = try await fixture.send()
            #expect(whole.status == 200)
        }

        @Test func `HEAD is answered from the stored answer to GET`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"a\""])
            try await fixture.send()
            let answer = try await fixture.send("HEAD")
            #expect(answer.status == 200)
            #expect(answer.field("content-length") == "7")
            #expect(answer.content.isEmpty)
            let same = try await fixture.send("HEAD", "/a", ["If-None-Match: \"a\""])
            #expect(same.status == 304)
            #expect(fixture.origin.requests.count == 1)
        }
    }
}

private let tag = ["ETag: \"a\""]
private let date = ["Last-Modified: {-600}"]

private let conditions = [
    ConditionCase("the same tag", tag, ["If-None-Match: \"a\""], 304),
    ConditionCase("another tag", tag, ["If-None-Match: \"b\""], 200),
    ConditionCase("first of a list", tag, ["If-None-Match: \"a\", \"b\""], 304),
    ConditionCase("last of a list", tag, ["If-None-Match: \"b\", \"c\", \"a\""], 304),
    ConditionCase("on a second line", tag, ["If-None-Match: \"b\"", "If-None-Match: \"a\""], 304),
    ConditionCase("none of a list", tag, ["If-None-Match: \"b\", \"c\""], 200),
    ConditionCase(
        "a comma within a tag", ["ETag: \"a,b\""], ["If-None-Match: \"x\", \"a,b\""], 304),
    ConditionCase("any tag", tag, ["If-None-Match: *"], 304),
    ConditionCase("any tag, but there is none", [], ["If-None-Match: \"a\""], 200),
    ConditionCase("weak and weak", ["ETag: W/\"a\""], ["If-None-Match: W/\"a\""], 304),
    ConditionCase("weak and strong", ["ETag: W/\"a\""], ["If-None-Match: \"a\""], 304),
    ConditionCase("strong and weak", tag, ["If-None-Match: W/\"a\""], 304),
    ConditionCase("a small w", ["ETag: w/\"a\""], ["If-None-Match: W/\"a\""], 304),
    ConditionCase("without quotes", tag, ["If-None-Match: a"], 304),
    ConditionCase("stored without quotes", ["ETag: a"], ["If-None-Match: \"a\""], 304),
    ConditionCase("tags are told apart by case", tag, ["If-None-Match: \"A\""], 200),
    ConditionCase("not changed since", date, ["If-Modified-Since: {-600}"], 304),
    ConditionCase("not changed for long", date, ["If-Modified-Since: {-10}"], 304),
    ConditionCase("changed since", date, ["If-Modified-Since: {-601}"], 200),
    ConditionCase("made before, by its Date", [], ["If-Modified-Since: {+0}"], 304),
    ConditionCase("made after, by its Date", [], ["If-Modified-Since: {-1}"], 200),
    ConditionCase("no date", date, ["If-Modified-Since: yesterday"], 200),
    ConditionCase(
        "RFC 850", ["Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"],
        ["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"], 304),
    ConditionCase(
        "a tag outdoes a date", tag + date, ["If-None-Match: \"b\"", "If-Modified-Since: {-1}"],
        200),
    ConditionCase(
        "a tag outdoes an older date", tag + date,
        ["If-None-Match: \"a\"", "If-Modified-Since: {-9000}"], 304),
]

private let ranges = [
    RangeCase(range: "bytes=0-1", status: 206, content: "01"),
    RangeCase(range: "bytes=4-", status: 206, content: "456789"),
    RangeCase(range: "bytes=-3", status: 206, content: "789"),
    RangeCase(range: "bytes=0-0", status: 206, content: "0"),
    RangeCase(range: "bytes=9-9", status: 206, content: "9"),
    RangeCase(range: "bytes=5-99", status: 206, content: "56789"),
    RangeCase(range: "bytes=-99", status: 206, content: "0123456789"),
    RangeCase(range: "BYTES=1-2", status: 206, content: "12"),
    RangeCase(range: "bytes=5-99999999999999999999", status: 206, content: "56789"),
    RangeCase(range: "bytes=10-", status: 416, content: ""),
    RangeCase(range: "bytes=99999999999999999999-", status: 416, content: ""),
    RangeCase(range: "bytes=-0", status: 416, content: ""),
    RangeCase(range: "bytes=3-2", status: 200, content: "0123456789"),
    RangeCase(range: "bytes=a-b", status: 200, content: "0123456789"),
    RangeCase(range: "bytes=-", status: 200, content: "0123456789"),
    RangeCase(range: "bytes=1", status: 200, content: "0123456789"),
    RangeCase(range: "bytes=+1-2", status: 200, content: "0123456789"),
    RangeCase(range: "lines=1-2", status: 200, content: "0123456789"),
    RangeCase(range: "bytes=0-1,4-5", status: 206, content: "012345"),
    RangeCase(range: "bytes=0-1", condition: ["If-Range: \"a\""], status: 206, content: "01"),
    RangeCase(
        range: "bytes=0-1", condition: ["If-Range: \"b\""], status: 200, content: "0123456789"),
    RangeCase(
        range: "bytes=0-1", condition: ["If-Range: W/\"a\""], status: 200, content: "0123456789"),
    RangeCase(range: "bytes=0-1", condition: ["If-Range: {-600}"], status: 206, content: "01"),
    RangeCase(
        range: "bytes=0-1", condition: ["If-Range: {-599}"], status: 200, content: "0123456789"),
]
