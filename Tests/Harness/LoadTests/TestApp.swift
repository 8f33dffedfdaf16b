// A small app in the test's own process that serves the journeys and can be told to misbehave, and the
// means to run a plan against it and read what was recorded.

import Endpoints
import Experiment
import History
import Linux
import Load
import Reactor
import Testing
import Wire

/// Suites that time what happens on the loop, which all tests of a process share: one after the other.
@Suite(.serialized) struct LoopSuite {}

@ReactorActor
final class TestApp {
    /// What the app does with a request other than a sign-in; nil: it serves it.
    typealias Misbehaviour = @ReactorActor (HTTPRequest) async -> HTTPResponse?

    /// What nobody can do without having signed in.
    static nonisolated let signedIn: [Journey] = [.browse, .profile, .post, .checkout]

    private(set) var received: [HTTPRequest] = []
    private(set) var signIns = 0
    var misbehave: Misbehaviour?
    var signsIn = true
    /// In seconds; nil: the answer to a sign-in does not say.
    var sessionLifetime: Int64?
    private var sessions: Set<String> = []
    private var server: HTTPServer?

    init() throws {
        server = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { [unowned self] request in
            await handle(request)
        }
        Task { @ReactorActor [server] in await server?.run() }
    }

    var address: SocketAddress {
        get throws { try #require(server?.address) }
    }

    var connectionCount: Int { server?.connectionCount ?? 0 }

    func forgetSessions() { sessions.removeAll() }

    func stop() { server?.stop() }

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        if request.head.path == "/signin" { return await signIn() }
        received.append(request)
        if let response = await misbehave?(request) { return response }
        if request.head.path.hasPrefix("/static/") {
            return HTTPResponse(200, headers: ["Served-By": "app-1"], json: .null)
        }
        guard let session = request.head.headers["session"], sessions.contains(session) else {
            return HTTPResponse(401, error: "sign in first")
        }
        if request.head.method == "GET" {
            return HTTPResponse(200, headers: ["Served-By": "app-1"], json: ["posts": []])
        }
        guard request.head.headers["idempotency-key"] != nil else {
            return HTTPResponse(400, error: "no key")
        }
        return HTTPResponse(
            201, headers: ["Served-By": "app-1", "Acknowledged-By": "store-1-2"], json: [:])
    }

    private func signIn() async -> HTTPResponse {
        if !signsIn { return await Self.silence() }
        signIns += 1
        let token = "token-\(signIns)"
        sessions.insert(token)
        return HTTPResponse(
            200,
            json: ["token": .string(token), "lifetime": sessionLifetime.map(JSON.integer) ?? .null])
    }

    /// An answer that never comes.
    static func silence() async -> HTTPResponse {
        _ = await Promise<Int>().value()
        return HTTPResponse(200, json: .null)
    }
}

/// A plan, the folder of its files, and what a run of it left there.
@ReactorActor
struct Rehearsal {
    var plan: LoadPlan
    let folder: String

    init(
        against target: SocketAddress, rate: Double = 200,
        duration: Duration = .milliseconds(500), journeys: [Journey] = Journey.allCases
    ) throws {
        folder = "/tmp/faultline-load-\(CurrentProcess.id)-\(MonotonicTime.now().nanoseconds)"
        try File.makeDirectories(folder)
        var profile = LoadProfile(
            rate: rate,
            journeys: journeys.map { JourneyShare(journey: $0, share: 1 / Double(journeys.count)) })
        profile.users = 50
        profile.timeout = .seconds(20)
        profile.arrivals = .even
        plan = LoadPlan(
            seed: 5, duration: duration, profile: profile, target: target, host: "balancer-1",
            history: folder + "/history.jsonl")
    }

    /// The requests that a run must account for.
    var planned: [PlannedRequest] { Samples.requests(of: plan.arrivals) }

    /// Runs the plan in an agent of this process; removes the files again.
    func run(
        epoch: MonotonicTime? = nil
    ) async throws -> (stats: LoadStats, history: RecordedHistory) {
        defer { try? File.removeTree(folder) }
        let agent = try LoadAgent(plan, listen: SocketAddress(ip: .loopback, port: 0))
        #expect(agent.start(epoch: epoch ?? .now() + .milliseconds(5)))
        await agent.finish()
        #expect(agent.stats().isDone)
        let stats = await agent.stop()
        #expect(!stats.isCut)
        #expect(stats.problem == nil)
        return (stats, try await history())
    }

    /// Read off the loop, which other tests of this process share and time by.
    func history() async throws -> RecordedHistory {
        let path = folder + "/history.jsonl"
        return try await offload {
            Result {
                var reader = HistoryReader()
                try reader.append(File.contents(of: path))
                return reader.finish()
            }
        }.get()
    }
}

extension Operation {
    /// Nanoseconds from the intended time to the end.
    var latency: Int64? { completed.map { $0 - intended } }
}
