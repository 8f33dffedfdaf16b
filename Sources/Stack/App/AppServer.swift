// The application: a small social shop over HTTP and JSON.
//
//     POST /signin                     {"user": 17}  -> {"token": "...", "lifetime": 1800}; then
//                                      "Session: token" in every request
//     GET  /users/{u}/profile          read-through
//     GET  /users/{u}/feed             read-through, obsolete once the user posts
//     POST /users/{u}/posts            Idempotency-Key names the post; 201 once it is safe
//     GET  /users/{u}/posts/{id}       from the data itself, never from the cache
//     POST /users/{u}/checkout         Idempotency-Key names the order; 202 once it is queued, or
//                                      201 once it is done where there is no queue
//     GET  /users/{u}/orders/{id}      "queued" until it has been done, then "done"
//     GET  /static/{name}              the same bytes for every user, which caches may keep
//     GET  /health/live, /health/ready
//
// A stateless app has nothing of its own; a sticky one has its sessions, and a monolith everything.
// AppParts.swift puts together what each is made of; the resources are the same for all.
//
// Every answer says which app served it, and a write's answer which node acknowledged it, so that a
// lost write can be traced.

package import Blueprint
import Endpoints
package import Linux
package import Reactor
package import Telemetry
import Wire

/// A running app.
@ReactorActor
package final class AppServer {
    let name: String
    let settings: AppSettings
    let parts: AppParts
    private var server: HTTPServer?
    private var isDraining = false
    /// Requests that came without an id and got one here.
    private var named = 0
    /// Makes such ids differ from those of the process before.
    private let start = MonotonicTime.now()

    /// `dataFolder` is for a monolith alone.
    package init(
        name: String, listen: SocketAddress, dataFolder: String = "", settings: AppSettings,
        seed: UInt64, timeouts: DependencyTimeouts = DependencyTimeouts()
    ) throws(AppError) {
        self.name = name
        self.settings = settings
        parts =
            switch settings.mode {
            case .monolith: try AppParts(monolith: name, dataFolder: dataFolder, settings)
            case .stateless, .sticky:
                AppParts(name, settings, seed: seed, timeouts: timeouts)
            }
        do {
            server = try HTTPServer(listen) { [unowned self] request in
                await self.handle(request)
            }
        } catch {
            throw .listen(error)
        }
        server?.meter.requestLog = RequestLog(Log(name), tier: "app")
    }

    /// Tells of every request in the log, not of failed and slow ones alone.
    package func logEveryRequest() { server?.meter.logEveryRequest() }

    /// Adds the app's figures to a page.
    package func describe(_ page: inout MetricsPage) {
        server?.meter.describe(as: "app", &page)
        parts.describe(&page)
    }

    package var address: SocketAddress? { server?.address }

    /// Serves until drained.
    package func run() async { await server?.run() }

    /// Turns unready, finishes what is in work.
    package func drain() async {
        isDraining = true
        await server?.drain(deadline: .now() + .seconds(5))
    }

    /// Ends as a crash does: what is in work is not answered.
    package func stop() { server?.stop() }

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        let context = RequestContext(
            request, at: .now(), timeout: settings.requestTimeout, otherwise: freshID())
        // Whoever asked has given up: nothing that is begun now helps anybody.
        var response = HTTPResponse(504, error: "the deadline is over")
        if !context.isOver(at: .now()) {
            response = await RequestContext.$current.withValue(context) {
                await route(request, context.deadline)
            }
        }
        response.head.headers["Served-By"] = name
        response.head.headers["X-Request-Id"] = context.id
        Self.forbidSharing(&response)
        return response
    }

    private func freshID() -> String {
        named += 1
        return "\(name)-\(String(start.nanoseconds, radix: 36))-\(named)"
    }

    private func route(
        _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async -> HTTPResponse {
        let path = request.head.path.split(separator: "/").map(String.init)
        do {
            switch (request.head.method, path.count, path.first ?? "") {
            case ("GET", 2, "health"): return health(path[1])
            case ("POST", 1, "signin"): return try await signIn(request, deadline)
            case ("GET", 2, "static"), ("HEAD", 2, "static"):
                return staticFile(path[1], request)
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

    /// Live is a process that turns; ready is one that should get requests.
    ///
    /// Dependencies that all apps share do not count: when the store blinks, every app would turn
    /// unready at once, and the balancer would have nobody for the requests that need no store or
    /// are served from stale copies. What an app has alone does count: a monolith's failed disk.
    private func health(_ kind: String) -> HTTPResponse {
        switch kind {
        case "live": return HTTPResponse(200, json: ["live": true])
        case "ready":
            let isReady = !isDraining && ((parts.store as? OwnStore)?.isWritable ?? true)
            return HTTPResponse(
                isReady ? 200 : 503,
                json: [
                    "ready": .bool(isReady),
                    "storeShardsAway": .integer(Int64(parts.guarded.first?.openBreakers ?? 0)),
                    "queuePartitionsAway": .integer(Int64(parts.queue?.openBreakers ?? 0)),
                ])
        default: return HTTPResponse(404, error: "no such health check")
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
        let visitor = await visitor(with: request.head.headers["session"], deadline)
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

    private func visitor(
        with token: String?, _ deadline: MonotonicTime
    ) async -> Visitor {
        guard let token else { return .stranger }
        return await parts.sessions.visitor(with: token, deadline: deadline)
    }

    private func signIn(
        _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        let body = try? JSON.parse(request.content.span)
        guard let user = body?["user"]?.int, user >= 0 else {
            return HTTPResponse(400, error: "expected {\"user\": number}")
        }
        let token = try await parts.sessions.start(user: user, deadline: deadline)
        let lifetime = settings.sessionLifetime.nanoseconds / 1_000_000_000
        return HTTPResponse(
            200, json: ["token": .string(token), "lifetime": .integer(lifetime)])
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
