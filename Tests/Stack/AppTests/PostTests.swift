// Posts and the reads that show them: what is cached, what is not, and what a failed write says.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct PostTests {
    @Test(arguments: ["feed", "profile"])
    func `the first read asks the store and the second the cache`(_ what: String) async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        let first = try await bench.get("/users/17/\(what)", token)
        let second = try await bench.get("/users/17/\(what)", token)
        #expect(first.cacheState == "miss")
        #expect(second.cacheState == "hit")
        #expect(first.content == second.content)
        #expect(first.json?["user"]?.int == 17)
        #expect(bench.store.commands.count == 1)
        #expect(second.head.headers["served-by"] == "app-1")
    }

    @Test func `a post is acknowledged by name and shows in the feed at once`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.get("/users/17/feed", token).texts == [])
        let post = try await bench.post(17, "p1", token, text: "one")
        #expect(post.status == 201)
        #expect(post.json == ["id": "p1"])
        #expect(post.head.headers["acknowledged-by"] == "store-1-1")
        let feed = try await bench.get("/users/17/feed", token)
        #expect(feed.cacheState == "miss")
        #expect(feed.texts == ["one"])
        #expect(try await bench.get("/users/17/feed", token).cacheState == "hit")
    }

    @Test func `a slow fill does not bring back what a post made obsolete`() async throws {
        let bench = try Bench()
        let neighbour = try bench.neighbour()
        let token = try await bench.signIn(17)
        let (begun, gate) = (Promise<Int>(), Promise<Int>())
        bench.cache.onCommand = { command in
            guard command.name == "SET", command.text(1) == "{u17}:feed" else { return }
            begun.fulfil(1)
            _ = await gate.value()
        }
        let slow = Task { @ReactorActor in try await bench.get("/users/17/feed", token) }
        _ = await begun.value()
        #expect(try await neighbour.post(17, "p1", token).status == 201)
        gate.fulfil(1)
        #expect(try await slow.value.texts == [])
        // The old feed is in the cache by now, and nobody takes it for the current one.
        let entry = try #require(bench.cache.values["{u17}:feed"])
        #expect(String(decoding: entry, as: UTF8.self).contains("\"posts\":[]"))
        for app in [bench, neighbour] {
            #expect(try await app.get("/users/17/feed", token).texts == ["hello"])
        }
    }

    @Test func `a herd after a flush reads the store once`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        let gate = Promise<Int>()
        bench.store.onCommand = { _ in _ = await gate.value() }
        let reads = (0..<20).map { _ in
            Task { @ReactorActor in try await bench.get("/users/17/feed", token).status }
        }
        while bench.cache.count("MGET") < 20 { await Reactor.sleep(for: .milliseconds(1)) }
        gate.fulfil(1)
        for read in reads { #expect(try await read.value == 200) }
        #expect(bench.store.count("RANGE") == 1)
    }

    @Test func `a single post is read from the store and never from the cache`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.get("/users/17/posts/p1").status == 404)
        #expect(try await bench.post(17, "p1", token, text: "one").status == 201)
        let before = bench.cache.commands.count
        for _ in 0..<2 {
            let post = try await bench.get("/users/17/posts/p1")
            #expect(post.json == ["id": "p1", "text": "one"])
        }
        #expect(bench.cache.commands.count == before)
        #expect(bench.store.count("GET") == 3)
    }

    @Test func `every write has a request id of its own`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        for number in 0..<3 { _ = try await bench.post(17, "p\(number)", token) }
        let ids = bench.store.commands.filter { $0.first == "SET" }.map {
            $0[4...].joined(separator: " ")
        }
        #expect(Set(ids).count == 3)
        #expect(ids.allSatisfy { $0.hasPrefix("@1 ") })
    }

    @Test func `where no member leads, a post certainly did not happen`() async throws {
        let bench = try Bench(requestTimeout: .seconds(1))
        let token = try await bench.signIn(17)
        bench.store.mood = .answering(.error("NOTLEADER -"))
        #expect(try await bench.post(17, "p1", token).status == 503)
        bench.store.mood = .answering(.error("UNAVAILABLE no quorum"))
        #expect(try await bench.post(17, "p2", token).status == 503)
    }

    @Test func `a post of unknown outcome says so`() async throws {
        let bench = try Bench(requestTimeout: .seconds(1))
        let token = try await bench.signIn(17)
        bench.store.mood = .answering(.error("UNKNOWN leadership lost"))
        #expect(try await bench.post(17, "p1", token).status == 504)
        bench.store.mood = .silent
        #expect(try await bench.post(17, "p2", token).status == 504)
    }

    @Test(
        arguments: [
            (nil, 400),
            ("", 400),
            ("a b", 400),
            ("a:b", 400),  // would reach into another key
            ("a}b", 400),
            ("\u{e9}", 400),
            (String(repeating: "x", count: 129), 400),
            (String(repeating: "x", count: 128), 201),
            ("A.z_0-9", 201),
        ] as [(String?, Int)])
    func `the key of a write is checked`(_ key: String?, _ status: Int) async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.post(17, key, token).status == status)
        #expect(try await bench.checkOut(17, key, token).status == (status == 201 ? 202 : 400))
        #expect(bench.store.count("SET") == (status == 201 ? 1 : 0))
    }

    @Test func `a post wants a text`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        let response = try await bench.send(
            "POST", "/users/17/posts", token, key: "p1", json: ["txt": "typo"])
        #expect(response.status == 400)
        #expect(bench.store.count("SET") == 0)
    }
}
