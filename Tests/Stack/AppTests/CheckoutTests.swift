// Orders: queued at once, done once their effect is in the store; and the rest of the routes.

import App
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct CheckoutTests {
    @Test func `an order is queued at once and done once its effect is there`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.get("/users/17/orders/o1").status == 404)
        let order = try await bench.checkOut(17, "o1", token)
        #expect(order.status == 202)
        #expect(order.json == ["order": "o1", "state": "queued"])
        #expect(order.head.headers["acknowledged-by"] == "queue-1")
        #expect(bench.queue.commands.map { $0[0..<3] } == [["PUBLISH", "orders", "{u17}"]])
        let content = try #require(bench.queue.values.values.first)
        let payload = try JSON.parse(content.span)
        #expect(payload["user"] == 17)
        #expect(payload["order"] == "o1")
        let request = try #require(order.head.headers["x-request-id"])
        #expect(payload["request"] == .string(request))

        let queued = try await bench.get("/users/17/orders/o1")
        #expect(queued.json == ["order": "o1", "state": "queued", "effects": 0])
        bench.store.values["{u17}:ledger:o1:a"] = [1]
        bench.store.values["{u17}:ledger:o12:a"] = [1]
        let done = try await bench.get("/users/17/orders/o1")
        #expect(done.json == ["order": "o1", "state": "done", "effects": 1])
        bench.store.values["{u17}:ledger:o1:b"] = [1]
        let doubled = try await bench.get("/users/17/orders/o1")
        #expect(doubled.json == ["order": "o1", "state": "done", "effects": 2])
    }

    @Test func `a done order needs no cache, and a queued one cannot be denied without it`()
        async throws
    {
        let bench = try Bench()
        bench.store.values["{u17}:ledger:o1:a"] = [1]
        bench.cache.kill()
        #expect(try await bench.get("/users/17/orders/o1").json?["state"]?.string == "done")
        #expect(try await bench.get("/users/17/orders/o2").status == 503)
    }

    @Test func `an order that the queue did not take says which way`() async throws {
        let bench = try Bench(requestTimeout: .seconds(1))
        let token = try await bench.signIn(17)
        bench.queue.mood = .answering(.error("UNAVAILABLE starting"))
        #expect(try await bench.checkOut(17, "o1", token).status == 503)
        bench.queue.mood = .silent
        #expect(try await bench.checkOut(17, "o2", token).status == 504)
        bench.queue.kill()
        #expect(try await bench.checkOut(17, "o3", token).status == 503)
        #expect(try await bench.get("/users/17/orders/o1").status == 404)
    }

    @Test func `an order whose answer was lost is published again under the same number`()
        async throws
    {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        var tries = 0
        bench.queue.onCommand = { _ in
            tries += 1
            bench.queue.mood = tries < 3 ? .answering(.error("UNKNOWN lost leadership")) : .well
        }
        #expect(try await bench.checkOut(17, "o1", token).status == 202)
        #expect(bench.queue.count("PUBLISH") == 3)
        #expect(Set(bench.queue.commands).count == 1)
        #expect(try await bench.checkOut(17, "o2", token).status == 202)
        #expect(Set(bench.queue.commands).count == 2)
    }

    @Test func `a queue without room is said at once and says when to come back`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        bench.queue.mood = .answering(.error("OVERLOADED too many bytes"))
        let start = MonotonicTime.now()
        let response = try await bench.checkOut(17, "o1", token)
        #expect(response.status == 503)
        #expect(response.head.headers["retry-after"] == "1")
        #expect(bench.queue.count("PUBLISH") == 1)
        #expect(MonotonicTime.now() - start < .seconds(10))
    }

    @Test func `an answer that the protocol does not have is a bug`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        bench.queue.mood = .answering(.simple("OK"))
        #expect(try await bench.checkOut(17, "o1", token).status == 500)
    }

    @Test(arguments: [
        ("GET", "/"), ("GET", "/users"), ("GET", "/users/17"), ("GET", "/users/x/feed"),
        ("GET", "/users/-1/feed"), ("GET", "/users/17/posts/a:b"), ("GET", "/users/17/orders/a:b"),
        ("DELETE", "/signin"), ("GET", "/health/else"),
    ])
    func `there is nothing else`(_ method: String, _ target: String) async throws {
        let response = try await Bench().send(method, target)
        #expect(response.status == 404)
        #expect(response.head.headers["served-by"] == "app-1")
    }

    @Test func `an app is ready until it drains`() async throws {
        let bench = try Bench()
        #expect(try await bench.get("/health/live").status == 200)
        #expect(try await bench.get("/health/ready").status == 200)
        let gate = Promise<Int>()
        let token = try await bench.signIn(17)
        bench.store.onCommand = { _ in _ = await gate.value() }
        let call = Task { @ReactorActor in try await bench.post(17, "p1", token) }
        while bench.store.commands.isEmpty { await Reactor.sleep(for: .milliseconds(1)) }
        let drain = Task { @ReactorActor in await bench.app.drain() }
        await Task.yield()
        gate.fulfil(1)
        let response = try await call.value
        #expect(response.status == 201)
        #expect(!response.head.keepAlive)
        await drain.value
    }
}
