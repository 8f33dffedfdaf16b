// What is left of the shop while a dependency is away, full or slow, or the caller has no time left.

import Blueprint
import Endpoints
import Linux
import Reactor
import Telemetry
import Testing
import Wire

@testable import App

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct DegradedTests {
    @Test func `a feed is served from a stale copy while the store is away`() async throws {
        let bench = try Bench(requestTimeout: .seconds(1))
        let token = try await bench.signIn(17)
        #expect(try await bench.post(17, "p1", token).status == 201)
        #expect(try await bench.get("/users/17/feed", token).head.headers["served-stale"] == nil)
        let deadline = MonotonicTime.now() + .seconds(20)
        while bench.cache.values["{u17}:feed:stale"] == nil, .now() < deadline {
            await Reactor.sleep(for: .milliseconds(1))
        }
        bench.cache.values["{u17}:feed"] = nil
        bench.store.kill()
        let stale = try await bench.get("/users/17/feed", token)
        #expect(stale.status == 200)
        #expect(stale.texts == ["hello"])
        #expect(stale.head.headers["served-stale"] == "true")
        #expect(stale.head.headers["age"].flatMap(Int.init).map { (0..<60).contains($0) } == true)
        // What was never kept cannot be had, and what must not be old is not had from a copy.
        #expect(try await bench.get("/users/18/feed", token).status == 503)
        #expect(try await bench.get("/users/17/posts/p1").status == 503)
        #expect(try await bench.post(17, "p2", token).status == 503)
    }

    @Test func `a store that was away for long is refused at once, and found when it is back`()
        async throws
    {
        let bench = try Bench(requestTimeout: .milliseconds(300))
        let token = try await bench.signIn(17)
        bench.store.mood = .answering(.error("UNAVAILABLE no leader"))
        for number in 0..<5 { #expect(try await bench.post(17, "p\(number)", token).status == 503) }
        let asked = bench.store.count("SET")
        let refused = try await bench.post(17, "p9", token)
        #expect(refused.status == 503)
        #expect(bench.store.count("SET") == asked)
        bench.store.mood = .well
        let deadline = MonotonicTime.now() + .seconds(20)
        while try await bench.post(17, "p9", token).status != 201 {
            try #require(.now() < deadline)
            await Reactor.sleep(for: .milliseconds(20))
        }
    }

    @Test func `an app that nothing answers turns unready once that lasts, and ready again`()
        async throws
    {
        let bench = try Bench(requestTimeout: .milliseconds(300))
        let token = try await bench.signIn(17)
        bench.cache.kill()
        func isReady() async throws -> Bool {
            try await bench.get("/health/ready").status == 200
        }
        // A cache that is away is nothing that another app would do better.
        for _ in 0..<5 { #expect(try await bench.get("/users/17/feed", token).status == 200) }
        #expect(try await isReady())
        bench.store.mood = .answering(.error("UNAVAILABLE no leader"))
        let deadline = MonotonicTime.now() + .seconds(40)
        while try await isReady() {
            try #require(.now() < deadline)
            _ = try await bench.get("/users/17/feed", token)
            await Reactor.sleep(for: .milliseconds(10))
        }
        // Nobody sends it requests now, so it must find out by itself.
        bench.store.mood = .well
        while try await !isReady() {
            try #require(.now() < deadline)
            await Reactor.sleep(for: .milliseconds(10))
        }
    }

    @Test func `a full queue is not asked again at once`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        bench.queue.mood = .answering(.error("OVERLOADED too many bytes"))
        let calls = (0..<20).map { number in
            Task { @ReactorActor in try await bench.checkOut(17, "o\(number)", token) }
        }
        for call in calls {
            let response = try await call.value
            #expect(response.status == 503)
            #expect(response.head.headers["retry-after"] == "1")
        }
        #expect(bench.queue.count("PUBLISH") <= 20)
        bench.queue.mood = .well
        let deadline = MonotonicTime.now() + .seconds(20)
        while try await bench.checkOut(17, "o99", token).status != 202 {
            try #require(.now() < deadline)
        }
    }

    @Test func `nothing is begun for a caller whose time is over`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        var request = HTTPRequest(
            "POST", "/users/17/posts", host: "x",
            headers: ["Session": token, "Idempotency-Key": "p1", "X-Request-Deadline-Ms": "0"],
            json: ["text": "late"])
        let late = try await bench.client.send(request, deadline: .now() + .seconds(20))
        #expect(late.status == 504)
        #expect(bench.store.commands.isEmpty)
        bench.store.mood = .silent
        request.head.headers["X-Request-Deadline-Ms"] = "300"
        let start = MonotonicTime.now()
        let cut = try await bench.client.send(request, deadline: .now() + .seconds(20))
        #expect(cut.status == 504)
        #expect(MonotonicTime.now() - start < .seconds(10))
    }

    @Test func `a request keeps its id down to the store and the queue, or gets one`() async throws
    {
        let bench = try Bench {
            $0.storeTakesContext = true
            $0.queueTakesContext = true
        }
        let token = try await bench.signIn(17)
        var ids: [String] = []
        bench.store.onCommand = { _ in ids.append(RequestContext.current?.id ?? "-") }
        bench.queue.onCommand = { _ in ids.append(RequestContext.current?.id ?? "-") }
        for path in ["posts", "checkout"] {
            let request = HTTPRequest(
                "POST", "/users/17/\(path)", host: "x",
                headers: [
                    "Session": token, "Idempotency-Key": "k", "X-Request-Id": "trace-\(path)",
                ], json: ["text": "hello"])
            let response = try await bench.client.send(request, deadline: .now() + .seconds(20))
            #expect(response.status < 300)
            #expect(response.head.headers["x-request-id"] == "trace-\(path)")
        }
        #expect(ids == ["trace-posts", "trace-checkout"])
        let own = try await bench.get("/health/live").head.headers["x-request-id"]
        #expect(own?.hasPrefix("app-1-") == true)
    }

    @Test func `a bulkhead lets so many in, and others wait briefly`() async throws {
        let bulkhead = Bulkhead("store", callsMax: 1, waitingMax: 1, waitMax: .seconds(10))
        let gate = Promise<Int>()
        func call() -> Task<Int, any Error> {
            Task { @ReactorActor in
                try await bulkhead.run(until: .now() + .seconds(20)) {
                    () async throws(DependencyError) in await gate.value() ?? 0
                }
            }
        }
        let first = call()
        let second = call()
        while bulkhead.waiting == 0 { await Task.yield() }
        await #expect(throws: DependencyError.self) { try await call().value }
        #expect(bulkhead.calls == 1 && bulkhead.refused == 1)
        gate.fulfil(7)
        #expect(try await first.value == 7)
        #expect(try await second.value == 7)
        #expect(bulkhead.calls == 0)
        let hasty = Bulkhead("store", callsMax: 1, waitMax: .zero)
        let never = Promise<Int>()
        let holder = Task { @ReactorActor in
            try await hasty.run(until: .now() + .seconds(20)) { () async throws(DependencyError) in
                await never.value() ?? 0
            }
        }
        while hasty.calls == 0 { await Task.yield() }
        await #expect(throws: DependencyError.self) {
            try await hasty.run(until: .now() + .seconds(20)) { () async throws(DependencyError) in
                1
            }
        }
        never.fulfil(1)
        _ = try await holder.value
    }

    @Test func `an app is ready although the shared store is away, and shows its figures`()
        async throws
    {
        let bench = try Bench(requestTimeout: .milliseconds(300))
        let token = try await bench.signIn(17)
        bench.store.kill()
        for number in 0..<5 { _ = try await bench.post(17, "p\(number)", token) }
        let ready = try await bench.get("/health/ready")
        #expect(ready.status == 200)
        #expect(ready.json?["storeShardsAway"] == 1)
        var page = MetricsPage(labels: ["node": "app-1"])
        bench.app.describe(&page)
        #expect(page.text.contains("app_requests_total{node=\"app-1\",outcome=\"5xx\"} 5"))
        #expect(page.text.contains("app_store_breakers_open{node=\"app-1\"} 1"))
        #expect(page.text.contains("app_request_seconds_count{node=\"app-1\"} 7"))
    }
}
