// The agent as the harness steers it: over HTTP.

import Endpoints
import Experiment
import History
import Linux
import Load
import Reactor
import Testing
import Wire

extension LoopSuite {
    @ReactorActor
    @Suite(.timeLimit(.minutes(1)))
    struct LoadAgentTests {
        @Test func `it is ready, starts, reports and stops`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let remote = try Remote(Rehearsal(against: app.address))
            let ready = try await remote.get("/health/ready")
            #expect(ready.status == 200)
            let fingerprint = remote.rehearsal.plan.arrivals.fingerprint(first: 1000)
            #expect(ready.json?["fingerprint"] == .string("\(fingerprint)"))

            #expect(try await remote.stats().counts.planned == 0)
            #expect(try await remote.start().status == 200)
            while try await !remote.stats().isDone { await Reactor.sleep(for: .milliseconds(20)) }
            let final = try await remote.stop()
            #expect(
                final.counts.ok == 100 && final.counts.accounted && final.isDone && !final.isCut)
            #expect(final.fingerprint == "\(remote.rehearsal.plan.arrivals.fingerprint())")
            await remote.serving.value
            try File.removeTree(remote.rehearsal.folder)
        }

        @Test func `stopping cuts a plan and still accounts for all that was planned`() async throws
        {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in
                await Reactor.sleep(for: .milliseconds(30))
                return nil
            }
            let remote = try Remote(Rehearsal(against: app.address, duration: .seconds(600)))
            _ = try await remote.start()
            while try await remote.stats().counts.planned < 20 {
                await Reactor.sleep(for: .milliseconds(5))
            }
            let final = try await remote.stop()
            await remote.serving.value
            #expect(final.isCut && final.isDone)
            #expect(final.counts.inFlight == 0 && final.counts.accounted)
            #expect(final.counts.ok == final.counts.planned)
            let history = try await remote.rehearsal.history()
            #expect(history.operations.count == final.counts.planned)
            #expect(history.unfinished == 0)
            try File.removeTree(remote.rehearsal.folder)
        }

        @Test func `stopping before the start ends it with nothing`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let remote = try Remote(Rehearsal(against: app.address))
            let final = try await remote.stop()
            #expect(final.isDone && final.counts.planned == 0)
            await remote.serving.value
            #expect(app.received.isEmpty)
            try File.removeTree(remote.rehearsal.folder)
        }

        @Test func `a second start and a malformed one are refused`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let remote = try Remote(Rehearsal(against: app.address))
            #expect(try await remote.post("/start", ["epochNanoseconds": "now"]).status == 400)
            #expect(try await remote.post("/start", ["epochNanoseconds": -1]).status == 400)
            #expect(try await remote.start().status == 200)
            #expect(try await remote.start().status == 409)
            #expect(try await remote.get("/nothing").status == 404)
            #expect(try await remote.get("/stats?since=x").status == 400)
            _ = try await remote.stop()
            await remote.serving.value
            try File.removeTree(remote.rehearsal.folder)
        }

        @Test func `only the windows asked for are sent`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let remote = try Remote(Rehearsal(against: app.address, duration: .milliseconds(700)))
            _ = try await remote.start()
            while try await !remote.stats().isDone { await Reactor.sleep(for: .milliseconds(20)) }
            #expect(try await remote.stats().windows.map(\.index) == [0, 1, 2])
            #expect(try await remote.stats(since: 1).windows.map(\.index) == [1, 2])
            _ = try await remote.stop()
            await remote.serving.value
            try File.removeTree(remote.rehearsal.folder)
        }

        @Test func `a folder that is not there is an error before anything starts`() throws {
            var rehearsal = try Rehearsal(against: SocketAddress(ip: .loopback, port: 1))
            try File.removeTree(rehearsal.folder)
            rehearsal.plan.history = rehearsal.folder + "/history.jsonl"
            let error = #expect(throws: SyscallError.self) {
                _ = try LoadAgent(rehearsal.plan, listen: SocketAddress(ip: .loopback, port: 0))
            }
            #expect(error?.errno == .noEntry)
        }

        @Test func `stats read back as they were written`() throws {
            var stats = LoadStats()
            stats.counts.planned = 9
            stats.counts.ok = 4
            stats.counts.failed = ["refused": 1]
            stats.counts.unknown = ["timeout": 2]
            stats.counts.shed = 1
            stats.counts.inFlight = 1
            stats.counts.statuses = [503: 1]
            stats.dispatchLagP99 = 12
            stats.problem = "write: No space left on device (ENOSPC)"
            var window = LoadWindow(index: 3)
            window.planned = 9
            window.p99 = 77
            stats.windows = [window]
            #expect(LoadStats(json: try JSON.parse(Array(stats.json.text.utf8).span)) == stats)
            #expect(stats.counts.accounted)
            stats.counts.ok = 5
            #expect(!stats.counts.accounted)
            #expect(LoadStats(json: ["planned": 9]) == nil)
        }
    }
}

/// An agent behind its control address.
@ReactorActor
private struct Remote {
    let rehearsal: Rehearsal
    let serving: Task<Void, Never>
    private let client: HTTPClient

    init(_ rehearsal: Rehearsal) throws {
        self.rehearsal = rehearsal
        let agent = try LoadAgent(
            rehearsal.plan, listen: SocketAddress(ip: .loopback, port: 0))
        client = HTTPClient(try #require(agent.address))
        serving = Task { @ReactorActor in await agent.run() }
    }

    func get(_ target: String) async throws -> HTTPResponse {
        try await client.send(
            HTTPRequest("GET", target, host: "client-1"), deadline: .now() + .seconds(20))
    }

    func post(_ target: String, _ json: JSON? = nil) async throws -> HTTPResponse {
        try await client.send(
            HTTPRequest("POST", target, host: "client-1", json: json),
            deadline: .now() + .seconds(20))
    }

    func start() async throws -> HTTPResponse {
        let epoch = MonotonicTime.now() + .milliseconds(10)
        return try await post("/start", ["epochNanoseconds": .integer(epoch.nanoseconds)])
    }

    func stats(since first: Int? = nil) async throws -> LoadStats {
        let response = try await get(first.map { "/stats?since=\($0)" } ?? "/stats")
        return try #require(response.json.flatMap { LoadStats(json: $0) })
    }

    func stop() async throws -> LoadStats {
        let response = try await post("/stop")
        return try #require(response.json.flatMap { LoadStats(json: $0) })
    }
}
