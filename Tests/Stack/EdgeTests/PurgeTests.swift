// Purging, and what the edge says of itself.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

extension EdgeSuite {
    @ReactorActor
    struct PurgeTests {
        /// Three pages, two of them tagged.
        private func stocked() async throws -> EdgeFixture {
            let fixture = try EdgeFixture { $0.staleIfError = .seconds(600) }
            fixture.origin.answer = { [unowned fixture] request in
                var lines = ["Cache-Control: max-age=60", "ETag: \"a\""]
                switch request.head.path {
                case "/a": lines.append("Surrogate-Key: red shop")
                case "/b": lines.append("Cache-Tag: shop, blue")
                default: break
                }
                return fixture.response(lines, body: request.head.path)
            }
            for target in ["/a", "/b", "/c"] { try await fixture.send("GET", target) }
            return fixture
        }

        /// The pages that the origin is asked for again, in order.
        private func refetched(_ fixture: EdgeFixture) async throws -> [String] {
            let before = fixture.origin.requests.count
            for target in ["/a", "/b", "/c"] {
                let answer = try await fixture.send("GET", target)
                #expect(answer.text == target)
            }
            return fixture.origin.requests.dropFirst(before).map(\.head.target)
        }

        @Test(arguments: [
            ("PURGE", "/a", "", "", ["/a"]), ("PURGE", "/none", "", "", []),
            ("PURGE", "/", "Surrogate-Key: red", "", ["/a"]),
            ("PURGE", "/", "Surrogate-Key: red blue", "", ["/a", "/b"]),
            ("POST", "/-/purge", "", "{\"url\": \"/c\"}", ["/c"]),
            ("POST", "/-/purge", "", "{\"url\": \"http://www.example.com/b\"}", ["/b"]),
            ("POST", "/-/purge", "", "{\"tag\": \"shop\"}", ["/a", "/b"]),
            ("POST", "/-/purge", "", "{\"tag\": \"none\"}", []),
            ("POST", "/-/purge", "", "{\"all\": true}", ["/a", "/b", "/c"]),
        ])
        func `a purge drops what it names`(
            _ method: String, _ target: String, _ field: String, _ order: String,
            _ gone: [String]
        ) async throws {
            let fixture = try await stocked()
            defer { fixture.stop() }
            let answer = try await fixture.send(
                method, target, field.isEmpty ? [] : [field], content: Array(order.utf8))
            #expect(answer.status == 200)
            #expect(answer.json?["purged"]?.int == gone.count)
            #expect(fixture.edge.store.count == 3 - gone.count)
            let again = try await refetched(fixture)
            #expect(again == gone)
        }

        @Test(arguments: [
            "", "{}", "[]", "{\"url\": 1}", "{\"url\": \"ftp://x/\"}", "{\"all\": 1}",
        ])
        func `an order that says nothing purges nothing`(_ order: String) async throws {
            let fixture = try await stocked()
            defer { fixture.stop() }
            let answer = try await fixture.send("POST", "/-/purge", content: Array(order.utf8))
            #expect(answer.status == 400)
            #expect(fixture.edge.store.count == 3)
        }

        @Test func `a soft purge asks the origin, and bridges its outage`() async throws {
            let fixture = try await stocked()
            defer { fixture.stop() }
            try await fixture.send("PURGE", "/a", ["Soft-Purge: 1"])
            #expect(fixture.edge.store.count == 3)
            fixture.serve([], status: 503)
            let stale = try await fixture.send()
            #expect(stale.text == "/a")
            #expect(stale.field("cache-status").contains("stale-if-error"))
            fixture.serve(["Cache-Control: max-age=60", "ETag: \"a\""], status: 304)
            let renewed = await eventually {
                (try? await fixture.send())?.field("cache-status").contains("304") == true
            }
            #expect(renewed)
            let again = try await refetched(fixture)
            #expect(again.isEmpty)
        }

        @Test(arguments: [
            "PURGE /a", "POST /-/purge {\"tag\": \"red\"}", "POST /-/purge {\"all\": true}",
        ])
        func `what was on its way when it was purged is not stored`(_ order: String) async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            let gate = Promise<Int>()
            fixture.origin.answer = { [unowned fixture] _ in
                _ = await gate.value()
                return fixture.response(["Cache-Control: max-age=60", "Surrogate-Key: red"])
            }
            let first = Task { @ReactorActor in try await fixture.send() }
            let isUnderway = await eventually { fixture.origin.requests.count == 1 }
            #expect(isUnderway)
            let words = order.split(separator: " ", maxSplits: 2).map(String.init)
            let content = words.count > 2 ? Array(words[2].utf8) : []
            try await fixture.send(words[0], words[1], content: content)
            gate.fulfil(1)
            let answer = try await first.value
            #expect(answer.text == "content")
            #expect(fixture.edge.store.count == 0)
        }

        @Test func `the status counts what was done`() async throws {
            let fixture = try await stocked()
            defer { fixture.stop() }
            try await fixture.send()
            let status = try #require(try await fixture.send("GET", "/-/status").json)
            #expect(status["requests"]?.int == 4)
            #expect(status["hits"]?.int == 1)
            #expect(status["misses"]?.int == 3)
            #expect(status["objects"]?.int == 3)
            #expect(status["bytes"]?.int == fixture.edge.store.size)
            let metrics = try await fixture.send("GET", "/-/metrics")
            #expect(metrics.text.contains("faultline_edge_hits 1\n"))
            #expect(metrics.text.contains("faultline_edge_origin_errors 0\n"))
            let ready = try await fixture.send("GET", "/-/ready")
            #expect(ready.status == 200)
            let none = try await fixture.send("GET", "/-/none")
            #expect(none.status == 404)
        }

        @Test func `a request says where it has been`() async throws {
            let fixture = try EdgeFixture()
            defer { fixture.stop() }
            try await fixture.send("GET", "/a", ["X-Forwarded-For: 192.0.2.1", "Via: 1.0 fred"])
            let seen = try #require(fixture.origin.requests.first?.head.headers)
            #expect(seen["x-forwarded-for"] == "192.0.2.1, 127.0.0.1")
            #expect(seen.values(of: "via") == ["1.0 fred", "1.1 edge-1"])
            #expect(seen["x-request-id"]?.hasPrefix("edge-1-") == true)
            #expect(seen["x-request-deadline-ms"] == "15000")
            try await fixture.send("GET", "/b", ["X-Request-Id: mine"])
            #expect(fixture.origin.requests.last?.head.headers["x-request-id"] == "mine")
        }

        @Test func `misses go through the shield, and past it when it is dead`() async throws {
            let shield = try EdgeFixture(name: "shield-1")
            defer { shield.stop() }
            shield.serve(["Cache-Control: max-age=60"])
            let shieldAddress = NamedAddress(name: "shield-1", address: shield.address)
            let edges = try (1...3).map { number in
                try EdgeFixture(
                    name: "edge-\(number)",
                    behind: [
                        NamedAddress(name: "origin", address: try shield.origin.address)
                    ]
                ) { $0.shields = [shieldAddress] }
            }
            defer { for edge in edges { edge.stop() } }
            for edge in edges {
                let answer = try await edge.send()
                #expect(answer.text == "content")
                #expect(answer.head.headers.values(of: "cache-status").count == 2)
            }
            #expect(shield.origin.requests.count == 1)
            shield.edge.stop()
            let past = try await edges[0].send("GET", "/b")
            #expect(past.status == 200)
            #expect(shield.origin.requests.count == 2)
        }
    }
}
