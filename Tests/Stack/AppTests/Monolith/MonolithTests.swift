// Everything in one process: the same shop, and what a crash leaves of it.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import App

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct MonolithTests {
    @Test func `a monolith serves the whole shop`() async throws {
        let shop = try Monolith()
        defer { shop.remove() }
        let token = try await shop.signIn(17)
        let post = try await shop.send(
            "POST", "/users/17/posts", token, key: "p1", json: ["text": "hello"])
        #expect(post.status == 201)
        #expect(post.head.headers["acknowledged-by"] == "app-1")
        let feed = try await shop.send("GET", "/users/17/feed", token)
        #expect(feed.texts == ["hello"])
        #expect(feed.cacheState == nil)
        #expect(try await shop.send("GET", "/users/17/profile", token).status == 200)
        #expect(try await shop.send("GET", "/users/17/posts/p1").json?["text"] == "hello")
        #expect(try await shop.send("GET", "/users/17/posts/p2").status == 404)
        let order = try await shop.send("POST", "/users/17/checkout", token, key: "o1")
        #expect(order.status == 202)
        #expect(
            try await shop.doneOrder(17, "o1") == ["order": "o1", "state": "done", "effects": 1])
        #expect(try await shop.send("POST", "/users/18/posts", token, key: "p").status == 403)
        #expect(try await shop.send("GET", "/users/17/feed", "17.00").status == 401)
    }

    @Test func `a crash loses neither sessions nor posts nor orders`() async throws {
        let shop = try Monolith()
        defer { shop.remove() }
        let token = try await shop.signIn(17)
        _ = try await shop.send(
            "POST", "/users/17/posts", token, key: "p1", json: ["text": "hello"])
        #expect(try await shop.send("POST", "/users/17/checkout", token, key: "o1").status == 202)
        _ = try await shop.doneOrder(17, "o1")
        try await shop.crash()
        #expect(try await shop.send("GET", "/users/17/feed", token).texts == ["hello"])
        #expect(try await shop.doneOrder(17, "o1")?["effects"] == 1)
        let again = try await shop.send("POST", "/users/17/checkout", token, key: "o1")
        #expect(again.status == 201)
        #expect(again.json?["state"] == "done")
        #expect(try await shop.doneOrder(17, "o1")?["effects"] == 1)
    }

    @Test func `an order that an earlier process left is taken up`() async throws {
        let folder = Monolith.freshFolder()
        var store: OwnStore? = try OwnStore(name: "app-1", folder: folder)
        let order = ShopOrder(user: 17, id: "o9")
        _ = try await store?.set(order.row, "queued", deadline: .now() + .seconds(10))
        #expect(store?.waitingOrders == [order])
        store = nil
        var shop: Monolith?
        while shop == nil {
            do {
                shop = try Monolith(folder: folder)
            } catch let error as AppError {
                guard error.isLocked else { throw error }
                await Reactor.sleep(for: .milliseconds(2))
            }
        }
        defer { try? File.removeTree(folder) }
        #expect(try await shop?.doneOrder(17, "o9")?["effects"] == 1)
        #expect(shop?.store?.waitingOrders == [])
    }

    @Test func `an order is queued until it is done`() async throws {
        let shop = try Monolith(work: .seconds(50))
        defer { shop.remove() }
        let token = try await shop.signIn(17)
        #expect(try await shop.send("POST", "/users/17/checkout", token, key: "o1").status == 202)
        let state = try await shop.send("GET", "/users/17/orders/o1").json
        #expect(state == ["order": "o1", "state": "queued", "effects": 0])
        #expect(try await shop.send("POST", "/users/17/checkout", token, key: "o1").status == 202)
        #expect(shop.store?.waitingOrders.count == 1)
    }

    @Test func `a folder that cannot be read is not served by halves`() async throws {
        let folder = Monolith.freshFolder()
        try File.makeDirectories(folder)
        defer { try? File.removeTree(folder) }
        var store: OwnStore? = try OwnStore(name: "app-1", folder: folder)
        for number in 0..<3 {
            _ = try await store?.set("k\(number)", "v", deadline: .now() + .seconds(10))
        }
        store = nil
        let names = try File.list(folder).filter {
            try !File.contents(of: "\(folder)/\($0)").isEmpty
        }
        let segment = "\(folder)/\(try #require(names.first))"
        var bytes = try File.contents(of: segment)
        bytes[bytes.count / 2] ^= 0xFF
        try File.save(bytes, to: segment)
        #expect(throws: AppError.self) { try Monolith(folder: folder) }
    }
}
