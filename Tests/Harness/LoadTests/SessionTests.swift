// Users sign in once, and once more when the system has forgotten them; both inside the request.

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
    struct SessionTests {
        @Test func `a user signs in before the first request alone`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            var rehearsal = try Rehearsal(against: app.address, rate: 100)
            rehearsal.plan.profile.users = 1
            rehearsal.plan.profile.connections = 1
            let (stats, _) = try await rehearsal.run()
            #expect(stats.counts.ok == 50)
            #expect(stats.signIns == 1 && app.signIns == 1)
            #expect(stats.sessionsRenewed == 0)
        }

        @Test func `a forgotten session leads to one sign-in and one retry`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            var rehearsal = try Rehearsal(against: app.address, rate: 100)
            rehearsal.plan.profile.users = 1
            rehearsal.plan.profile.connections = 1
            app.misbehave = { [unowned app] _ in
                if app.received.count == 20 { app.forgetSessions() }
                return nil
            }
            let (stats, history) = try await rehearsal.run()
            #expect(stats.counts.ok == 50)
            #expect(history.operations.allSatisfy { $0.outcome == .ok })
            #expect(app.signIns == 2 && stats.signIns == 2)
            #expect(stats.sessionsRenewed == 1)
            #expect(history.operations.count { $0.lostSession } == 1)
            #expect(app.received.count == 51)
        }

        @Test func `a session that never works is refused after one retry`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in HTTPResponse(401, error: "no") }
            let rehearsal = try Rehearsal(
                against: app.address, rate: 100, journeys: TestApp.signedIn)
            let (stats, history) = try await rehearsal.run()
            #expect(stats.counts.failed == ["rejected": 50])
            #expect(history.operations.allSatisfy { $0.status == 401 && $0.lostSession })
            #expect(app.received.count == 100)
        }

        @Test func `a session that is over is not lost`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.sessionLifetime = 0
            app.misbehave = { _ in HTTPResponse(401, error: "over") }
            let rehearsal = try Rehearsal(against: app.address, rate: 100)
            let (_, history) = try await rehearsal.run()
            #expect(history.operations.allSatisfy { $0.status == 401 && !$0.lostSession })
        }

        @Test func `the retry of a write keeps its key`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in HTTPResponse(401, error: "no") }
            let rehearsal = try Rehearsal(
                against: app.address, rate: 100, duration: .milliseconds(50), journeys: [.post])
            _ = try await rehearsal.run()
            let keys = app.received.compactMap { $0.head.headers["idempotency-key"] }
            #expect(keys.count == 10)
            #expect(Set(keys).count == 5)
        }
    }
}
