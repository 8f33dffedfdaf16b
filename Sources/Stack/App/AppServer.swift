// The application: a small social shop over HTTP and JSON, without any state of its own.
//
//     POST /signin                     {"user": 17}  -> {"token": "..."}; later "Session: token"
//     GET  /users/{u}/profile          read-through
//     GET  /users/{u}/feed             read-through, obsolete once the user posts
//     POST /users/{u}/posts            Idempotency-Key names the post; 201 once a majority has it
//     GET  /users/{u}/posts/{id}       from the store, never from the cache
//     POST /users/{u}/checkout         Idempotency-Key names the order; 202 once it is queued
//     GET  /users/{u}/orders/{id}      "queued" until a worker has done it, then "done"
//     GET  /health/live, /health/ready
//
// Every answer says which app served it, and a write's answer which node acknowledged it, so that a
// lost write can be traced.

package import Blueprint
import Determinism
import Endpoints
package import Linux
package import Reactor
import Wire

/// A running app.
@ReactorActor
package final class AppServer {
    let name: String
    let settings: AppSettings
    let store: ShardedStore
    let cache: CacheTier
    let sessions: Sessions
    let documents: ReadThrough
    let queue: PartitionedQueue
    private var server: HTTPServer?
    private var isDraining = false

    package init(
        name: String, listen: SocketAddress, settings: AppSettings, seed: UInt64,
        timeouts: DependencyTimeouts = DependencyTimeouts()
    ) throws(SyscallError) {
        self.name = name
        self.settings = settings
        let random = SeededRandom(seed: seed).fork(name)
        // The start time makes this process's request ids differ from its predecessor's.
        let processID = "\(name)-\(MonotonicTime.now().nanoseconds)"
        store = ShardedStore(
            settings.shards, settings.layout, lanes: RequestLanes(prefix: processID),
            timeouts: timeouts, random: random)
        cache = CacheTier(
            settings.cache, caching: settings.caching, timeout: timeouts.cache)
        sessions = Sessions(cache: cache, lifetime: settings.sessionLifetime)
        documents = ReadThrough(
            cache, caching: settings.caching, lifetime: settings.cacheLifetime,
            writerID: processID, random: random.fork("lifetimes"))
        queue = PartitionedQueue(
            settings, processID: processID, timeouts: timeouts, random: random.fork("queue"))
        server = try HTTPServer(listen) { [unowned self] request in await self.handle(request) }
    }

    package var address: SocketAddress? { server?.address }

    /// Serves until drained.
    package func run() async { await server?.run() }

    /// Turns unready, finishes what is in work.
    package func drain() async {
        isDraining = true
        await server?.drain(deadline: .now() + .seconds(5))
    }

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        var response = await route(request)
        response.head.headers["Served-By"] = name
        return response
    }

    private func route(_ request: HTTPRequest) async -> HTTPResponse {
        let deadline = MonotonicTime.now() + settings.requestTimeout
        let path = request.head.path.split(separator: "/").map(String.init)
        do {
            switch (request.head.method, path.count, path.first ?? "") {
            case ("GET", 2, "health"): return health(path[1])
            case ("POST", 1, "signin"): return try await signIn(request)
            case (_, 3..., "users"):
                return try await userRoute(request, path, deadline)
            default: return HTTPResponse(404, error: "no such resource")
            }
        } catch let error as DependencyError {
            return Self.response(to: error)
        } catch {
            return HTTPResponse(503, error: "\(error)")
        }
    }

    private func health(_ kind: String) -> HTTPResponse {
        switch kind {
        case "live": HTTPResponse(200, json: ["live": true])
        case "ready": HTTPResponse(isDraining ? 503 : 200, json: ["ready": .bool(!isDraining)])
        default: HTTPResponse(404, error: "no such health check")
        }
    }

    private func userRoute(
        _ request: HTTPRequest, _ path: [String], _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard let user = Int(path[1]), user >= 0 else {
            return HTTPResponse(404, error: "a user is a number")
        }
        switch (request.head.method, path[2], path.count) {
        case ("GET", "posts", 4): return try await post(user, path[3], deadline)
        case ("GET", "orders", 4): return try await order(user, path[3], deadline)
        default: break
        }
        let visitor = await sessions.visitor(with: request.head.headers["session"])
        let refusal =
            request.head.method == "GET"
            ? Self.refusalToRead(visitor) : Self.refusalToWrite(visitor, as: user)
        if let refusal { return refusal }
        switch (request.head.method, path[2], path.count) {
        case ("GET", "profile", 3): return try await profile(user, deadline)
        case ("GET", "feed", 3): return try await feed(user, deadline)
        case ("POST", "posts", 3): return try await addPost(user, request, deadline)
        case ("POST", "checkout", 3): return try await checkOut(user, request, deadline)
        default: return HTTPResponse(404, error: "no such resource")
        }
    }

    private func signIn(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try? JSON.parse(request.content.span)
        guard let user = body?["user"]?.int, user >= 0 else {
            return HTTPResponse(400, error: "expected {\"user\": number}")
        }
        let token = try await sessions.start(user: user)
        return HTTPResponse(200, json: ["token": .string(token)])
    }

    private static func overloaded(_ reason: String) -> HTTPResponse {
        var response = HTTPResponse(503, error: reason)
        response.head.headers["Retry-After"] = "1"
        return response
    }

    private static func response(to error: DependencyError) -> HTTPResponse {
        switch error {
        case .unavailable(let reason): HTTPResponse(503, error: reason)
        case .overloaded(let reason): overloaded(reason)
        case .unknown(let reason): HTTPResponse(504, error: reason)
        case .unexpected(let value): HTTPResponse(500, error: "unexpected answer \(value)")
        }
    }
}

/// What a visitor may not do.
extension AppServer {
    /// Anybody who signed in. While sessions cannot be looked up, a token is taken at its word: what
    /// is read here is public to every user, and a site that shows it beats one that does not.
    private static func refusalToRead(_ visitor: Visitor) -> HTTPResponse? {
        switch visitor {
        case .user, .unverified: nil
        case .stranger: HTTPResponse(401, error: "sign in first")
        }
    }

    /// The user alone, and only while that can be told.
    private static func refusalToWrite(_ visitor: Visitor, as user: Int) -> HTTPResponse? {
        switch visitor {
        case .user(user): nil
        case .user: HTTPResponse(403, error: "signed in as another user")
        case .stranger: HTTPResponse(401, error: "sign in first")
        case .unverified: HTTPResponse(503, error: "sessions cannot be looked up")
        }
    }
}
