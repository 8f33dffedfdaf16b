// The balancer: HTTP/1.1 in, HTTP/1.1 out, one retry where it is safe, one deadline over all of it.
//
// A request that failed before it reached a backend may go to another whatever it is; one that was
// sent and not answered may go again only if it is idempotent (by method, or by an
// Idempotency-Key). Answers with 502, 503 or 504 of an idempotent request are tried once more too:
// the app could not serve it there. The deadline covers all tries together, and retries are no more
// than a share of the requests (RetryBudget).
//
// A refusal of the second try says nothing about the first. So when a write was sent and not
// answered, whatever its next try brings short of success becomes 504, the status that leaves open
// whether it was done.
//
// Health checks go over connections of their own: behind the requests of a slow backend they would
// only find out that it is slow.

package import Blueprint
import Determinism
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
    private let checkers: [HTTPClient]
    private var server: HTTPServer?
    private var budget: RetryBudget
    private var retries = 0
    private var isDraining = false

    package init(
        _ listen: SocketAddress, _ settings: BalancerSettings, seed: UInt64 = 0
    ) throws(SyscallError) {
        self.settings = settings
        pool = BackendPool(settings, random: SeededRandom(seed: seed))
        budget = RetryBudget(settings.retry)
        var options = HTTPClientOptions()
        options.connectTimeout = settings.connectTimeout
        options.connectionsMax = 1024
        clients = settings.backends.map { HTTPClient($0.address, options: options) }
        options.connectTimeout = settings.checkTimeout
        options.connectionsMax = 1
        checkers = settings.backends.map { HTTPClient($0.address, options: options) }
        var limits = HTTPServerLimits()
        limits.connectionsMax = settings.intake.connectionsMax
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
        Task { @ReactorActor in await compareForEver() }
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
        let request = forwarded(original)
        budget.begin()
        var tried: [Int] = []
        defer { budget.end(retries: max(0, tried.count - 1)) }
        var mayBeDone = false
        while true {
            guard let index = pool.take(excluding: tried, at: .now()) else {
                return HTTPResponse(503, error: "no backend left to try")
            }
            tried.append(index)
            let attempt = await attempt(request, on: index, deadline)
            guard attempt.mayBeRepeated(request), mayRetry(after: tried, deadline) else {
                let response = answer(attempt, from: index)
                return mayBeDone && response.status >= 400 ? Self.openOutcome : response
            }
            mayBeDone = mayBeDone || (attempt.mayBeDone && !request.head.isIdempotent)
            retries += 1
        }
    }

    /// The request as the backend gets it. Its content is here already, so nobody waits for a 100.
    private func forwarded(_ original: HTTPRequest) -> HTTPRequest {
        var request = original
        request.head.headers.removeHopByHop()
        request.head.headers.remove("expect")
        request.head.keepAlive = true
        return request
    }

    private func mayRetry(after tried: [Int], _ deadline: MonotonicTime) -> Bool {
        tried.count <= settings.retry.triesMax && tried.count < clients.count && .now() < deadline
            && budget.take()
    }

    private enum Attempt {
        case answered(HTTPResponse)
        /// An answer that says "not here, not now".
        case refused(HTTPResponse)
        case failed(ClientError)

        func mayBeRepeated(_ request: HTTPRequest) -> Bool {
            switch self {
            case .answered: false
            case .refused: request.isIdempotent
            case .failed(let error): error.isWithoutEffect || request.isIdempotent
            }
        }

        /// False when the request certainly had no effect. 503 promises that; 502 and 504 do not.
        var mayBeDone: Bool {
            switch self {
            case .answered: true
            case .refused(let response): response.status != 503
            case .failed(let error): !error.isWithoutEffect
            }
        }
    }

    private func attempt(
        _ request: HTTPRequest, on index: Int, _ deadline: MonotonicTime
    ) async -> Attempt {
        let start = MonotonicTime.now()
        let limit = min(deadline, start + settings.tryTimeout)
        do {
            let response = try await clients[index].send(request, deadline: limit)
            let isRefused = [502, 503, 504].contains(response.status)
            give(index, back: isRefused ? .refused : .served, since: start)
            return isRefused ? .refused(response) : .answered(response)
        } catch {
            give(index, back: Self.isTimeout(error) ? .timedOut : .failed, since: start)
            return .failed(error)
        }
    }

    private func give(_ index: Int, back outcome: BackendOutcome, since start: MonotonicTime) {
        let now = MonotonicTime.now()
        pool.give(index, back: outcome, after: now - start, at: now)
        report()
    }

    private static var openOutcome: HTTPResponse {
        HTTPResponse(504, error: "a first try may have been executed, a second one was not")
    }

    private static func isTimeout(_ error: ClientError) -> Bool {
        error == .unanswered(.timedOut) || error == .unreachable(.timedOut)
    }

    private func answer(_ attempt: Attempt, from index: Int) -> HTTPResponse {
        switch attempt {
        case .answered(let response), .refused(let response): passOn(response)
        case .failed(let error):
            HTTPResponse(
                Self.isTimeout(error) ? 504 : 502,
                error: "\(settings.backends[index].name) \(error)")
        }
    }

    private func passOn(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.head.headers.removeHopByHop()
        response.head.keepAlive = true
        return response
    }

    // MARK: Health

    private func checkForEver(_ index: Int) async {
        let check = HTTPRequest("GET", settings.checkPath, host: settings.backends[index].name)
        while !isDraining {
            let started = MonotonicTime.now()
            let response = try? await checkers[index].send(
                check, deadline: started + settings.checkTimeout)
            let passed = response.map { (200..<300).contains($0.status) } ?? false
            pool.noteCheck(index, passed: passed, at: .now())
            report()
            await Reactor.sleep(until: started + settings.checkInterval)
        }
    }

    private func compareForEver() async {
        while !isDraining {
            await Reactor.sleep(for: settings.outlier.interval)
            pool.compare(at: .now())
            report()
        }
    }

    private func report() {
        for change in pool.takeChanges() {
            log.info(
                change.isIn ? "backend back in rotation" : "backend out of rotation",
                ["backend": change.name, "reason": change.reason])
        }
    }

    private var status: HTTPResponse {
        let backends = pool.backends.map { backend -> JSON in
            [
                "name": .string(backend.name), "inRotation": .bool(backend.isInRotation),
                "state": .string(backend.state),
                "inFlight": .integer(Int64(backend.inFlight)),
                "requests": .integer(Int64(backend.requests)),
                "failures": .integer(Int64(backend.failures)),
            ]
        }
        return HTTPResponse(
            200,
            json: [
                "backends": .array(backends), "retries": .integer(Int64(retries)),
                "retriesAvailable": .integer(Int64(budget.available)),
                "draining": .bool(isDraining), "panic": .bool(pool.isPanicking),
            ])
    }
}
