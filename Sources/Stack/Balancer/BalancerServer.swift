// The balancer: HTTP/1.1 in, HTTP/1.1 out, one retry where it is safe, one deadline over all of it.
//
// A request that failed before it reached a backend may go to another whatever it is; one that was
// sent and not answered may go again only if it is idempotent (by method, or by an
// Idempotency-Key). Answers with 502, 503 or 504 of an idempotent request are tried once more too:
// the app could not serve it there. The deadline covers all tries together.

package import Blueprint
import Endpoints
package import Linux
package import Reactor
import Telemetry
import Wire

/// A running balancer.
@ReactorActor
package final class BalancerServer {
    private let log = Log("balancer")
    private let settings: BalancerSettings
    private var pool: BackendPool
    private let clients: [HTTPClient]
    private var server: HTTPServer?
    private var retries = 0
    private var isDraining = false

    package init(_ listen: SocketAddress, _ settings: BalancerSettings) throws(SyscallError) {
        self.settings = settings
        pool = BackendPool(
            names: settings.backends.map(\.name), policy: settings.policy, rise: settings.rise,
            fall: settings.fall)
        var options = HTTPClientOptions()
        options.connectTimeout = settings.connectTimeout
        options.connectionsMax = 1024
        clients = settings.backends.map { HTTPClient($0.address, options: options) }
        var limits = HTTPServerLimits()
        limits.connectionsMax = settings.connectionsMax
        server = try HTTPServer(listen, limits: limits) { [unowned self] request in
            await self.handle(request)
        }
    }

    package var address: SocketAddress? { server?.address }

    /// Serves until drained.
    package func run() async {
        for index in clients.indices {
            Task { @ReactorActor in await checkForEver(index) }
        }
        await server?.run()
    }

    /// Stops accepting, finishes what is in work.
    package func drain() async {
        isDraining = true
        await server?.drain(deadline: .now() + settings.drainTimeout)
    }

    // MARK: Requests

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        if request.head.path == "/-/status" { return status }
        if request.head.path == "/-/ready" {
            return HTTPResponse(isDraining ? 503 : 200, json: ["ready": .bool(!isDraining)])
        }
        return await forward(request)
    }

    private func forward(_ original: HTTPRequest) async -> HTTPResponse {
        let deadline = MonotonicTime.now() + settings.requestTimeout
        var request = original
        request.head.headers.removeHopByHop()
        request.head.keepAlive = true
        var tried: Set<Int> = []
        while true {
            guard let index = pool.take(excluding: tried) else {
                return HTTPResponse(503, error: "no backend left to try")
            }
            tried.insert(index)
            let outcome = await attempt(request, on: index, deadline)
            let mayRetry = tried.count <= settings.retries && .now() < deadline
            switch outcome {
            case .answered(let response): return passOn(response, from: index)
            case .refused(let response):
                guard mayRetry, request.isIdempotent else { return passOn(response, from: index) }
            case .failed(let error):
                guard mayRetry, error.isWithoutEffect || request.isIdempotent else {
                    return failure(error, of: index)
                }
            }
            retries += 1
        }
    }

    private enum Attempt {
        case answered(HTTPResponse)
        /// An answer that says "not here, not now".
        case refused(HTTPResponse)
        case failed(ClientError)
    }

    private func attempt(
        _ request: HTTPRequest, on index: Int, _ deadline: MonotonicTime
    ) async -> Attempt {
        let limit = min(deadline, .now() + settings.tryTimeout)
        do {
            let response = try await clients[index].send(request, deadline: limit)
            pool.give(index, back: .served)
            return [502, 503, 504].contains(response.status)
                ? .refused(response) : .answered(response)
        } catch {
            pool.give(index, back: .failed)
            return .failed(error)
        }
    }

    private func passOn(_ response: HTTPResponse, from index: Int) -> HTTPResponse {
        var response = response
        response.head.headers.removeHopByHop()
        response.head.keepAlive = true
        return response
    }

    private func failure(_ error: ClientError, of index: Int) -> HTTPResponse {
        let timedOut = error == .unanswered(.timedOut) || error == .unreachable(.timedOut)
        let name = settings.backends[index].name
        return HTTPResponse(timedOut ? 504 : 502, error: "\(name) \(error)")
    }

    // MARK: Health

    private func checkForEver(_ index: Int) async {
        let check = HTTPRequest("GET", settings.checkPath, host: settings.backends[index].name)
        while !isDraining {
            let started = MonotonicTime.now()
            let response = try? await clients[index].send(
                check, deadline: started + settings.checkTimeout)
            let passed = response.map { $0.status == 200 } ?? false
            if pool.noteCheck(index, passed: passed) {
                log.info(
                    passed ? "backend back in rotation" : "backend out of rotation",
                    ["backend": settings.backends[index].name])
            }
            await Reactor.sleep(until: started + settings.checkInterval)
        }
    }

    private var status: HTTPResponse {
        let backends = pool.backends.map { backend -> JSON in
            [
                "name": .string(backend.name), "inRotation": .bool(backend.isInRotation),
                "inFlight": .integer(Int64(backend.inFlight)),
                "requests": .integer(Int64(backend.requests)),
                "failures": .integer(Int64(backend.failures)),
            ]
        }
        return HTTPResponse(
            200,
            json: [
                "backends": .array(backends), "retries": .integer(Int64(retries)),
                "draining": .bool(isDraining),
            ])
    }
}
