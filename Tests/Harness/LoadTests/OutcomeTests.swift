// What may be claimed about a request from its answer, or from the lack of one. A write that may have
// happened must never be recorded as failed, nor one that cannot have as unknown.

import Endpoints
import Experiment
import History
import Linux
import Reactor
import Testing
import Wire

@testable import Load

extension LoopSuite {
    @ReactorActor
    @Suite(.timeLimit(.minutes(1)))
    struct OutcomeTests {
        struct Row: Sendable {
            let status: Int
            let read: Operation.Outcome
            let write: Operation.Outcome
        }

        @Test(arguments: [
            ("edge-1; hit; ttl=12", Operation.CacheUse.fresh), ("edge-1; hit", .fresh),
            ("edge-1; hit; ttl=-3; detail=stale-if-error", .stale),
            ("edge-1; fwd=uri-miss; stored", nil), ("edge-1", nil), ("", nil),
            ("shield-1; hit; ttl=-3, edge-1; fwd=stale; fwd-status=200", .stale),
            ("shield-1; fwd=uri-miss, edge-1; hit; ttl=-1", .stale),
            ("shield-1; hit; ttl=3, edge-1; fwd=uri-miss", nil),
        ])
        func `an answer is stale if any cache on the way says so`(
            _ status: String, _ use: Operation.CacheUse?
        ) {
            #expect(Conclusion.cacheUse([status]) == use)
        }

        @Test(arguments: [
            Row(status: 200, read: .ok, write: .ok),
            Row(status: 202, read: .ok, write: .ok),
            Row(status: 302, read: .failed(.rejected), write: .failed(.rejected)),
            Row(status: 404, read: .failed(.rejected), write: .failed(.rejected)),
            Row(status: 429, read: .failed(.rejected), write: .failed(.rejected)),
            Row(status: 500, read: .failed(.serverError), write: .unknown(.serverError)),
            Row(status: 502, read: .failed(.serverError), write: .unknown(.serverError)),
            Row(status: 503, read: .failed(.rejected), write: .failed(.rejected)),
            Row(status: 504, read: .failed(.serverError), write: .unknown(.serverError)),
        ])
        func `a status decides by itself and by the effect`(row: Row) async throws {
            let app = try TestApp()
            defer { app.stop() }
            app.misbehave = { _ in HTTPResponse(row.status, json: .null) }
            let rehearsal = try Rehearsal(
                against: app.address, rate: 100, duration: .milliseconds(200))
            let (_, history) = try await rehearsal.run()
            #expect(history.operations.count == 20)
            for operation in history.operations {
                #expect(operation.outcome == (operation.effect == .read ? row.read : row.write))
                #expect(operation.status == row.status)
            }
        }

        @Test func `nobody listening is a certain failure`() async throws {
            let app = try TestApp()
            let address = try app.address
            app.stop()
            let rehearsal = try Rehearsal(against: address, rate: 100)
            let (stats, history) = try await rehearsal.run()
            #expect(history.operations.allSatisfy { $0.outcome == .failed(.refused) })
            #expect(stats.counts.failed == ["refused": 50])
            #expect(stats.counts.sent == 0)
        }

        @Test func `a connection lost after sending leaves a write open`() async throws {
            let history = try await historyAgainst(answer: "")
            #expect(!history.operations.isEmpty)
            for operation in history.operations {
                let expected: Operation.Outcome =
                    operation.effect == .read ? .failed(.reset) : .unknown(.reset)
                #expect(operation.outcome == expected)
            }
        }

        @Test func `an answer cut short leaves a write open`() async throws {
            let history = try await historyAgainst(
                answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            for operation in history.operations where operation.effect != .read {
                guard case .unknown = operation.outcome else {
                    Issue.record("\(operation.outcome)")
                    continue
                }
            }
        }

        @Test func `bytes that are no answer leave a write open`() async throws {
            let history = try await historyAgainst(answer: "SSH-2.0-OpenSSH_9.2\r\n\r\n")
            for operation in history.operations {
                let expected: Operation.Outcome =
                    operation.effect == .read ? .failed(.malformed) : .unknown(.malformed)
                #expect(operation.outcome == expected)
            }
        }

        /// Runs a plan against a server that signs users in, and answers anything else with these bytes
        /// and closes.
        private func historyAgainst(answer: String) async throws -> RecordedHistory {
            let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
            defer { listener.close() }
            let serving = Task { @ReactorActor in
                while let connection = try? await listener.accept() {
                    Task { @ReactorActor in await serve(connection, answer) }
                }
            }
            let rehearsal = try Rehearsal(
                against: listener.address, rate: 100, duration: .milliseconds(200))
            let history = try await rehearsal.run().history
            listener.close()
            await serving.value
            return history
        }

        private func serve(_ connection: Connection, _ answer: String) async {
            defer { connection.close() }
            let token = "{\"token\":\"t\"}"
            let welcome = "HTTP/1.1 200 OK\r\nContent-Length: \(token.utf8.count)\r\n\r\n\(token)"
            while (try? await connection.receive()) == true {
                let text = String(decoding: connection.inbound.bytes, as: UTF8.self)
                guard text.contains("\r\n\r\n") else { continue }
                connection.inbound.consume(connection.inbound.count)
                let isSignIn = text.hasPrefix("POST /signin")
                connection.send(Array((isSignIn ? welcome : answer).utf8))
                if !isSignIn { return }
            }
        }
    }
}
