// Every request of the plan is sent when the plan says and ends in exactly one place.

import Endpoints
import Experiment
import History
import Linux
import Load
import Reactor
import Telemetry
import Testing
import Wire

extension LoopSuite {
    @ReactorActor
    @Suite(.timeLimit(.minutes(1)))
    struct AccountingTests {
        @Test func `every planned request is sent, answered and recorded`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let rehearsal = try Rehearsal(against: app.address)
            let planned = rehearsal.planned
            let (stats, history) = try await rehearsal.run()

            #expect(planned.count == 100)
            #expect(stats.counts.planned == planned.count)
            #expect(stats.counts.ok == planned.count)
            #expect(stats.counts.sent == planned.count)
            #expect(stats.counts.accounted)
            #expect(stats.fingerprint == "\(rehearsal.plan.arrivals.fingerprint())")
            #expect(!history.isTorn && history.unfinished == 0)
            #expect(history.operations.map(\.index) == planned.map(\.index))
            #expect(history.operations.map(\.intended) == planned.map(\.intended))
            #expect(history.operations.map(\.journey) == planned.map(\.journey.rawValue))
            for operation in history.operations {
                #expect(operation.outcome == .ok)
                #expect(operation.servedBy == "app-1")
                let started = try #require(operation.started)
                #expect(started >= operation.intended)
                #expect(try #require(operation.completed) >= started)
            }
            #expect(app.received.count == planned.count)
        }

        @Test func `writes carry their key and a text of their own`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let rehearsal = try Rehearsal(against: app.address, journeys: [.post, .checkout])
            let (_, history) = try await rehearsal.run()
            for (operation, request) in zip(history.operations, rehearsal.planned) {
                let key = rehearsal.plan.arrivals.key(of: request)
                #expect(operation.key == key)
                #expect(operation.acknowledgedBy == "store-1-2")
                #expect(operation.effect == (request.journey == .post ? .post : .order))
                let sent = try #require(
                    app.received.first { $0.head.headers["idempotency-key"] == key })
                #expect(sent.head.target == operation.request.target)
                #expect(sent.head.headers["host"] == "balancer-1")
                let text = try? JSON.parse(sent.content.span)["text"]?.string
                #expect(text == (request.journey == .post ? Journey.postText(of: key) : nil))
            }
            #expect(Set(history.operations.compactMap(\.key)).count == history.operations.count)
        }

        @Test func `reads have no key and name whose page they read`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let rehearsal = try Rehearsal(against: app.address, journeys: [.browse, .profile])
            let (_, history) = try await rehearsal.run()
            for (operation, request) in zip(history.operations, rehearsal.planned) {
                #expect(operation.key == nil && operation.effect == .read)
                let target =
                    request.journey == .browse
                    ? "/users/\(request.subject)/feed" : "/users/\(request.user)/profile"
                #expect(operation.request.target == target)
                #expect(operation.user == request.user)
            }
        }

        @Test func `the interval log holds every latency, by journey`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            var rehearsal = try Rehearsal(against: app.address, duration: .milliseconds(1300))
            rehearsal.plan.latencies = rehearsal.folder + "/latency.hlog"
            let planned = rehearsal.planned
            let agent = try LoadAgent(
                rehearsal.plan, listen: SocketAddress(ip: .loopback, port: 0))
            #expect(agent.start(epoch: .now()))
            await agent.finish()
            _ = await agent.stop()
            let log = try HistogramLog(
                parsing: File.text(of: rehearsal.folder + "/latency.hlog"))
            try File.removeTree(rehearsal.folder)
            #expect(log.intervals.count > Journey.allCases.count)
            for journey in Journey.allCases {
                let sum = try log.merged(tag: HistogramTag(journey.rawValue))
                #expect(sum?.count == Int64(planned.count { $0.journey == journey }))
            }
        }

        @Test func `who signed in for one load is signed in for the next`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            var first = try Rehearsal(against: app.address)
            let sessions = "/tmp/faultline-kept-\(CurrentProcess.id).json"
            defer { try? File.remove(sessions) }
            first.plan.sessions = sessions
            #expect(try await first.run().stats.signIns > 0)
            var second = try Rehearsal(against: app.address)
            second.plan.sessions = sessions
            #expect(try await second.run().stats.signIns == 0)
        }

        @Test func `windows sum up to the plan`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { request in
                request.head.method == "POST" ? HTTPResponse(503, error: "no leader") : nil
            }
            let rehearsal = try Rehearsal(against: app.address, duration: .milliseconds(700))
            let (stats, history) = try await rehearsal.run()
            #expect(stats.windows.map(\.index) == [0, 1, 2])
            #expect(stats.windows.map(\.planned) == [50, 50, 40])
            let ok = history.operations.count { $0.outcome == .ok }
            #expect(stats.windows.map(\.ok).reduce(0, +) == ok)
            #expect(stats.windows.map(\.notOK).reduce(0, +) == stats.counts.planned - ok)
            #expect(stats.counts.failed == ["rejected": stats.counts.planned - ok])
            #expect(stats.counts.statuses == [503: stats.counts.planned - ok])
            #expect(ok > 0 && ok < stats.counts.planned)
            for window in stats.windows {
                #expect(window.open == 0)
                #expect(window.p50 > 0 && window.p50 <= window.p99 && window.p99 <= window.max)
            }
        }

        @Test func `a load that starts late catches up and drops nothing`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            let rehearsal = try Rehearsal(against: app.address)
            let (stats, history) = try await rehearsal.run(epoch: .now() + .milliseconds(-600))
            #expect(stats.counts.ok == 100)
            #expect(stats.dispatchLagMax >= 600_000_000)
            #expect(history.operations.allSatisfy { ($0.latency ?? 0) >= 100_000_000 })
        }

        @Test func `a request that the generator comes too late for is never sent`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            var rehearsal = try Rehearsal(against: app.address)
            rehearsal.plan.profile.timeout = .milliseconds(100)
            let (stats, history) = try await rehearsal.run(epoch: .now() + .seconds(-5))
            #expect(stats.counts.neverSent == 100)
            #expect(stats.counts.started == 0 && stats.counts.accounted)
            #expect(history.operations.allSatisfy { $0.outcome == .neverSent && $0.started == nil })
            #expect(app.received.isEmpty)
        }
    }
}
