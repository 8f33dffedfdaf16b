// Who may do what, and what is left of it while the cache is away.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct SessionTests {
    @Test func `a session begins with signing in and lives in the cache`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(bench.cache.values["session:\(token)"] == Array("17".utf8))
        #expect(token.utf8.count == 32)
        let other = try await bench.signIn(17)
        #expect(other != token)
        #expect(try await bench.get("/users/17/profile", token).status == 200)
    }

    @Test(arguments: ["{}", "{\"user\": -1}", "{\"user\": \"17\"}", "nonsense", ""])
    func `signing in as nobody is refused`(_ content: String) async throws {
        let bench = try Bench()
        var request = HTTPRequest("POST", "/signin", host: "x")
        request.content = Array(content.utf8)
        let response = try await bench.client.send(request, deadline: .now() + .seconds(20))
        #expect(response.status == 400)
        #expect(bench.cache.values.isEmpty)
    }

    @Test(arguments: [nil, "0123456789abcdef0123456789abcdef"])
    func `without a session there is a 401`(_ token: String?) async throws {
        let bench = try Bench()
        #expect(try await bench.get("/users/17/profile", token).status == 401)
        #expect(try await bench.get("/users/17/feed", token).status == 401)
        #expect(try await bench.post(17, "p1", token).status == 401)
        #expect(try await bench.checkOut(17, "o1", token).status == 401)
        #expect(bench.store.commands.isEmpty)
        #expect(bench.queue.commands.isEmpty)
    }

    @Test func `a flushed cache signs everybody out`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        bench.cache.values.removeAll()
        #expect(try await bench.get("/users/17/feed", token).status == 401)
    }

    @Test func `users read what others wrote and write only as themselves`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.get("/users/18/feed", token).status == 200)
        #expect(try await bench.post(18, "p1", token).status == 403)
        #expect(try await bench.checkOut(18, "o1", token).status == 403)
        #expect(bench.store.count("SET") == 0)
        #expect(bench.queue.commands.isEmpty)
    }

    @Test func `while the cache is away, reads are answered from the store`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        #expect(try await bench.post(17, "p1", token).status == 201)
        bench.cache.kill()
        for _ in 0..<10 {
            let feed = try await bench.get("/users/17/feed", token)
            #expect(feed.status == 200)
            #expect(feed.cacheState == "miss")
            #expect(feed.texts == ["hello"])
        }
        #expect(try await bench.get("/users/17/profile", token).status == 200)
        #expect(try await bench.get("/users/17/posts/p1").status == 200)
        #expect(try await bench.get("/users/17/feed").status == 401)
    }

    @Test func `while the cache is away, nobody can write or sign in`() async throws {
        let bench = try Bench()
        let token = try await bench.signIn(17)
        bench.cache.kill()
        #expect(try await bench.post(17, "p1", token).status == 503)
        #expect(try await bench.checkOut(17, "o1", token).status == 503)
        #expect(try await bench.send("POST", "/signin", json: ["user": 17]).status == 503)
        #expect(bench.store.count("SET") == 0)
        #expect(bench.queue.commands.isEmpty)
    }
}
