// A server that answers late must show in the latencies of everybody who wanted something meanwhile,
// also of those who could not even be sent: the opposite is called coordinated omission.

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
    struct StallTests {
        @Test(arguments: [2, 256])
        func `a stall shows in the latency of every request planned meanwhile`(
            connections: Int
        ) async throws {
            let app = try TestApp()
            defer { app.stop() }
            var rehearsal = try Rehearsal(against: app.address, duration: .milliseconds(600))
            rehearsal.plan.profile.connections = connections
            let epoch = MonotonicTime.now() + .milliseconds(20)
            let stall = epoch + .milliseconds(150)..<epoch + .milliseconds(450)
            app.misbehave = { _ in
                if stall.contains(.now()) { await Reactor.sleep(until: stall.upperBound) }
                return nil
            }
            let (stats, history) = try await rehearsal.run(epoch: epoch)
            #expect(stats.counts.ok == 120)
            let end = (stall.upperBound - epoch).nanoseconds
            let meanwhile = history.operations.filter { (150_000_000..<end).contains($0.intended) }
            #expect(meanwhile.count == 60)
            for operation in meanwhile {
                #expect(try #require(operation.completed) >= end, "\(operation)")
            }
            // 60 of 120 waited, evenly spread up to 300 ms.
            let worst = try #require(stats.windows.map(\.max).max())
            #expect(worst >= 295_000_000)
            #expect(app.connectionCount <= connections)
        }

        @Test func `a server that never answers gives timeouts at the timeout`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in await TestApp.silence() }
            var rehearsal = try Rehearsal(against: app.address, rate: 100)
            rehearsal.plan.profile.timeout = .seconds(1)
            let (stats, history) = try await rehearsal.run()
            #expect(stats.counts.unknown == ["timeout": 50])
            #expect(stats.counts.timedOut == 50 && stats.counts.sent == 50)
            for operation in history.operations {
                #expect(operation.outcome == .unknown(.timeout))
                let latency = try #require(operation.latency)
                #expect(latency >= 1_000_000_000 && latency < 1_500_000_000)
            }
        }

        @Test func `a write whose sign-in timed out certainly did not happen`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.signsIn = false
            var rehearsal = try Rehearsal(
                against: app.address, rate: 100, journeys: TestApp.signedIn)
            rehearsal.plan.profile.timeout = .milliseconds(100)
            let (stats, history) = try await rehearsal.run()
            for operation in history.operations {
                let expected: Operation.Outcome =
                    operation.effect == .read ? .unknown(.timeout) : .failed(.timeout)
                #expect(operation.outcome == expected)
            }
            #expect(stats.counts.timedOut == 50)
            #expect(app.received.isEmpty)
        }

        @Test func `a request that finds no connection in time is shed`() async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in await TestApp.silence() }
            // A hundred requests within 100 us, so that their time is up nearly at once.
            var rehearsal = try Rehearsal(
                against: app.address, rate: 1_000_000, duration: .microseconds(100))
            rehearsal.plan.profile.connections = 1
            rehearsal.plan.profile.timeout = .milliseconds(300)
            let (stats, history) = try await rehearsal.run()
            #expect(stats.counts.shed > 80 && stats.counts.shed < 100)
            #expect(stats.counts.sent >= 1 && stats.counts.sent < 20)
            #expect(stats.counts.timedOut + stats.counts.shed == 100)
            #expect(stats.counts.accounted)
            for operation in history.operations where operation.outcome == .shed {
                #expect(operation.started != nil)
                #expect(try #require(operation.latency) >= 300_000_000)
            }
            #expect(app.connectionCount <= 1)
        }
    }
}
