// The load generator as a process of its own, inside the client's network namespace, so that its
// traffic takes the same emulated links as anybody's. The harness steers it over HTTP:
//
//     GET  /health/ready            200 once it listens
//     GET  /stats[?since=INDEX]     how the load stands; windows from that index on
//     POST /start                   {"epochNanoseconds": n}: the time on CLOCK_MONOTONIC, which all
//                                   processes of a host share, at which the plan's zero lies
//     POST /stop                    cuts the plan if it is not at its end; answers with the last stats
//                                   when every request has ended and the files are whole, and ends

import Determinism
import Endpoints
import History
package import Linux
package import Reactor
import Telemetry
import Wire

/// A load plan under remote control.
@ReactorActor
package final class LoadAgent {
    /// Requests that the fingerprint given before the start covers.
    private static let previewCount = 1000

    private let errand: JourneyErrand
    private let generator: LoadGenerator
    private let preview: PlanFingerprint
    private let sessionsPath: String?
    private var sessionsFailure: SyscallError?
    private var server: HTTPServer?
    private var work: Task<Void, Never>?
    private var isDone = false
    private let ended = Promise<Bool>()

    /// Listens at once and starts the plan's files; the load waits for its epoch.
    package init(_ plan: LoadPlan, listen: SocketAddress) throws(SyscallError) {
        let arrivals = plan.arrivals
        preview = arrivals.fingerprint(first: Self.previewCount)
        errand = JourneyErrand(
            arrivals, host: plan.host, sessions: plan.sessions.map { SessionBook.read($0) } ?? [:])
        sessionsPath = plan.sessions
        generator = LoadGenerator(
            arrivals, plan.profile, to: plan.destinations, errand: errand,
            records: try LoadRecords(history: plan.history, latencies: plan.latencies))
        server = try HTTPServer(listen) { [unowned self] request in await self.handle(request) }
    }

    package var address: SocketAddress? { server?.address }

    /// Serves until it is told to stop and has said how the load ended.
    package func run() async {
        guard let server else { return }
        let serving = Task { @ReactorActor in await server.run() }
        _ = await ended.value()
        await server.drain(deadline: .now() + .seconds(1))
        await serving.value
    }

    /// Begins the load; false when it was begun or stopped before.
    package func start(epoch: MonotonicTime) -> Bool {
        guard work == nil, !isDone else { return false }
        work = Task { @ReactorActor in
            await generator.run(epoch: epoch)
            keepSessions()
            isDone = true
        }
        return true
    }

    private func keepSessions() {
        guard let sessionsPath else { return }
        do throws(SyscallError) {
            try SessionBook.save(errand.sessions, to: sessionsPath)
        } catch {
            sessionsFailure = error
        }
    }

    /// Returns when the load that was begun is over and its files are whole.
    package func finish() async { await work?.value }

    /// Cuts the plan, sees what is in the air to its end, and lets `run` return.
    package func stop() async -> LoadStats {
        if !isDone { generator.cut() }
        await work?.value
        isDone = true
        ended.fulfil(true)
        return stats()
    }

    /// With the windows from an index on.
    package func stats(since first: Int = 0) -> LoadStats {
        var stats = LoadStats()
        stats.counts = generator.counts
        stats.windows = generator.windows(from: first)
        stats.dispatchLagP99 = generator.dispatchLag.value(atPercentile: 99)
        stats.dispatchLagMax = generator.dispatchLag.max
        stats.signIns = errand.signIns
        stats.sessionsRenewed = errand.sessionsRenewed
        stats.fingerprint = "\(generator.fingerprint)"
        stats.isCut = generator.isCut
        stats.isDone = isDone
        stats.problem = generator.recordFailure?.description ?? sessionsFailure?.description
        return stats
    }

    // MARK: Control

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        switch (request.head.method, request.head.path) {
        case ("GET", "/health/ready"):
            HTTPResponse(
                200, json: ["ready": true, "fingerprint": .string("\(preview)")])
        case ("GET", "/stats"): stats(for: request.head.query)
        case ("POST", "/start"): start(request)
        case ("POST", "/stop"): HTTPResponse(200, json: await stop().json)
        default: HTTPResponse(404, error: "no such resource")
        }
    }

    private func stats(for query: String?) -> HTTPResponse {
        guard let query else { return HTTPResponse(200, json: stats().json) }
        let parts = query.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "since", let first = Int(parts[1]) else {
            return HTTPResponse(400, error: "expected since=INDEX")
        }
        return HTTPResponse(200, json: stats(since: first).json)
    }

    private func start(_ request: HTTPRequest) -> HTTPResponse {
        guard let epoch = request.json?["epochNanoseconds"]?.int64, epoch > 0 else {
            return HTTPResponse(400, error: "expected {\"epochNanoseconds\": number}")
        }
        guard start(epoch: MonotonicTime(nanoseconds: epoch)) else {
            return HTTPResponse(409, error: "the load was begun before")
        }
        return HTTPResponse(200, json: ["epochNanoseconds": .integer(epoch)])
    }
}

extension LoadPlan {
    /// One a group of users; each group has a resolver of its own, where the users are.
    @ReactorActor
    fileprivate var destinations: [any Destination] {
        guard let service, let name = DNSName(service.name) else {
            return [FixedDestination(target)]
        }
        let random = SeededRandom(seed: seed).fork("resolver")
        let sources: [IPv4Address?] = service.sources.isEmpty ? [nil] : service.sources
        return sources.enumerated().map { index, source in
            NamedDestination(
                StubResolver(
                    name, servers: service.servers, from: source, random: random.fork("\(index)")),
                port: service.port, from: source)
        }
    }
}

extension HTTPRequest {
    /// The content as JSON; nil when it is none.
    fileprivate var json: JSON? { try? JSON.parse(content.span) }
}
