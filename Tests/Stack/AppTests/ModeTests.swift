// Where sessions and orders are in apps that lack a cache, a queue or the virtue of statelessness.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import App

/// A wall clock that is set by hand.
@ReactorActor
private final class HandClock {
    var now = WallTime(nanoseconds: 1_000_000_000)

    init() {}
}

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct ModeTests {
    @Test func `a sticky app keeps sessions to itself`() async throws {
        let bench = try Bench { $0.mode = .sticky }
        let token = try await bench.signIn(17)
        #expect(bench.cache.values.isEmpty)
        #expect(try await bench.get("/users/17/feed", token).status == 200)
        let neighbour = try bench.neighbour()
        #expect(try await neighbour.get("/users/17/feed", token).status == 401)
        bench.cache.kill()
        #expect(try await bench.post(17, "p1", token).status == 201)
    }

    @Test func `without a cache any app knows a session from the store`() async throws {
        let bench = try Bench(requestTimeout: .seconds(2)) {
            $0.cache = []
            $0.sessions = .store
        }
        let token = try await bench.signIn(17)
        let rows = bench.store.values.keys.filter { $0.hasPrefix("{u17}:session:") }
        #expect(rows.count == 1)
        let neighbour = try bench.neighbour()
        let feed = try await neighbour.get("/users/17/feed", token)
        #expect(feed.status == 200)
        #expect(feed.cacheState == nil)
        #expect(try await neighbour.post(18, "p", token).status == 403)
        for wrong in [
            "17", "17.", "x." + token.dropFirst(3), token + "0", "18." + token.dropFirst(3),
        ] {
            #expect(try await bench.get("/users/17/feed", wrong).status == 401)
        }
        bench.store.kill()
        #expect(try await bench.post(17, "p1", token).status == 503)
        #expect(bench.cache.commands.isEmpty)
    }

    @Test func `stored sessions end, are taken away, and are so many at most`() async throws {
        let folder = Monolith.freshFolder()
        let store = try OwnStore(name: "app-1", folder: folder)
        defer { try? File.removeTree(folder) }
        let clock = HandClock()
        let sessions = StoredSessions(store: store, lifetime: .seconds(10)) { clock.now }
        let soon = MonotonicTime.now() + .seconds(30)
        let first = try await sessions.start(user: 17, deadline: soon)
        #expect(await sessions.visitor(with: first, deadline: soon) == .user(17))
        for _ in 1..<StoredSessions.countMax {
            _ = try await sessions.start(user: 17, deadline: soon)
        }
        await #expect(throws: DependencyError.self) {
            try await sessions.start(user: 17, deadline: soon)
        }
        _ = try await sessions.start(user: 18, deadline: soon)
        clock.now = WallTime(nanoseconds: 11_000_000_000)
        #expect(await sessions.visitor(with: first, deadline: soon) == .stranger)
        _ = try await sessions.start(user: 17, deadline: soon)
        #expect(store.rowCount == 2)
    }

    @Test func `an app's own sessions end, and the oldest go when there are too many`() async throws
    {
        let sessions = OwnSessions("app-1", lifetime: .seconds(60), countMax: 2)
        let soon = MonotonicTime.now() + .seconds(30)
        var tokens: [String] = []
        for user in 0..<3 { tokens.append(try await sessions.start(user: user, deadline: soon)) }
        #expect(sessions.count == 2)
        #expect(await sessions.visitor(with: tokens[0], deadline: soon) == .stranger)
        #expect(await sessions.visitor(with: tokens[2], deadline: soon) == .user(2))
        // By that a balancer finds the way back, and no other app takes it.
        #expect(tokens[2].hasPrefix("app-1~"))
        let other = OwnSessions("app-2", lifetime: .seconds(60))
        #expect(await other.visitor(with: tokens[2], deadline: soon) == .stranger)
        let brief = OwnSessions("app-1", lifetime: .zero)
        let token = try await brief.start(user: 1, deadline: soon)
        #expect(await brief.visitor(with: token, deadline: soon) == .stranger)
        _ = try await brief.start(user: 2, deadline: soon)
        #expect(brief.count == 1)
    }

    @Test func `without a queue an order is done before it is answered, and once`() async throws {
        let bench = try Bench(requestTimeout: .seconds(2)) {
            $0.queue = []
            $0.work = .milliseconds(1)
        }
        let token = try await bench.signIn(17)
        #expect(try await bench.get("/users/17/orders/o1").status == 404)
        let order = try await bench.checkOut(17, "o1", token)
        #expect(order.status == 201)
        #expect(order.json == ["order": "o1", "state": "done"])
        #expect(order.head.headers["acknowledged-by"] == "store-1-1")
        #expect(try await bench.checkOut(17, "o1", token).status == 201)
        let state = try await bench.get("/users/17/orders/o1")
        #expect(state.json == ["order": "o1", "state": "done", "effects": 1])
        #expect(bench.queue.commands.isEmpty)
        bench.store.kill()
        #expect(try await bench.checkOut(17, "o2", token).status == 503)
    }

    @Test func `work that no time is left for is not begun`() async throws {
        let bench = try Bench(requestTimeout: .seconds(5)) {
            $0.queue = []
            $0.work = .seconds(6)
        }
        let token = try await bench.signIn(17)
        let start = MonotonicTime.now()
        #expect(try await bench.checkOut(17, "o1", token).status == 503)
        #expect(MonotonicTime.now() - start < .seconds(5))
        #expect(bench.store.count("ONCE") == 0)
    }

    @Test func `followers are read, and the leader where they cannot answer`() async throws {
        let bench = try Bench {
            $0.reads = .followers
            $0.cache = []
            $0.sessions = .store
        }
        let token = try await bench.signIn(17)
        #expect(try await bench.post(17, "p1", token).status == 201)
        #expect(try await bench.get("/users/17/feed", token).texts == ["hello"])
        #expect(bench.store.commands.contains { $0.last == "FOLLOWER" && $0[0] == "RANGE" })
        bench.store.onCommand = { command in
            let asksFollower = command.words.last.map { $0 == Array("FOLLOWER".utf8) } ?? false
            bench.store.mood = asksFollower ? .answering(.error("UNAVAILABLE no leader")) : .well
        }
        #expect(try await bench.get("/users/17/feed", token).texts == ["hello"])
        #expect(try await bench.get("/users/17/profile", token).status == 200)
    }
}
