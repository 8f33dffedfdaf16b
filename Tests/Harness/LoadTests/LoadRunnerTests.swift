// `faultline load` without its command line.

import Endpoints
import Experiment
import Linux
import Load
import Reactor
import Testing
import Wire

extension LoopSuite {
    @ReactorActor
    @Suite(.timeLimit(.minutes(1)))
    struct LoadRunnerTests {
        @Test(arguments: ArrivalProcess.allCases)
        func `a load against a good server sums up`(arrivals: ArrivalProcess) async throws {
            let server = try serving { request in
                HTTPResponse(request.head.target == "/page?x=1" ? 200 : 404, json: .null)
            }
            defer { server.stop() }
            var options = try options(server.address, "/page?x=1")
            options.arrivals = arrivals
            let summary = await LoadRunner.run(options)
            #expect(summary.counts.planned > 30)
            #expect(summary.counts.ok == summary.counts.planned)
            #expect(summary.counts.accounted)
            #expect(summary.elapsed >= .milliseconds(300))
            let latencies = summary.percentiles.map(\.latency)
            #expect(latencies == latencies.sorted() && latencies.allSatisfy { $0 > 0 })
            #expect(summary.percentiles.map(\.name) == ["p50", "p90", "p99", "p99.9"])
            #expect(summary.text.contains("ok            \(summary.counts.ok)\n"))
            #expect(summary.json["planned"]?.int == summary.counts.planned)
            #expect(summary.json["failed"] == [:])
            #expect((summary.json["rateRatio"]?.double ?? 0) > 0.3)
        }

        @Test func `failures are told apart by kind`() async throws {
            let server = try serving { _ in HTTPResponse(500, json: .null) }
            let failing = await LoadRunner.run(try options(server.address))
            #expect(failing.counts.ok == 0)
            #expect(failing.counts.failed == ["server-error": failing.counts.planned])
            #expect(failing.text.contains("60: 60 server-error, 60 with 500"))
            #expect(failing.json["statuses"] == ["500": 60])
            #expect(failing.achievedRate == 0)
            server.stop()
            let refused = await LoadRunner.run(try options(server.address))
            #expect(refused.counts.failed == ["refused": 60])
        }

        @Test func `a redirect is an answer`() async throws {
            let server = try serving { _ in HTTPResponse(302, json: .null) }
            defer { server.stop() }
            #expect(await LoadRunner.run(try options(server.address)).counts.ok == 60)
        }

        @Test func `a load that is cut sums up what it had`() async throws {
            let server = try serving { _ in HTTPResponse(200, json: .null) }
            defer { server.stop() }
            var options = try options(server.address)
            options.duration = .seconds(600)
            let runner = LoadRunner(options)
            let run = Task { @ReactorActor in await runner.run() }
            while runner.counts.ok < 5 { await Reactor.sleep(for: .milliseconds(5)) }
            runner.cut()
            let summary = await run.value
            #expect(summary.isCut && summary.counts.accounted && summary.counts.inFlight == 0)
            #expect(summary.text.contains("(cut short)"))
            #expect(summary.elapsed < .seconds(60))
        }

        @Test func `a server that closes after each answer is served by new connections`()
            async throws
        {
            let server = try serving { _ in
                var response = HTTPResponse(200, json: .null)
                response.head.keepAlive = false
                return response
            }
            defer { server.stop() }
            #expect(await LoadRunner.run(try options(server.address)).counts.ok == 60)
        }

        private func options(_ address: SocketAddress, _ path: String = "/") throws -> LoadOptions {
            var options = LoadOptions(
                url: try #require(LoadURL("http://\(address)\(path)")), rate: 200,
                duration: .milliseconds(300))
            options.timeout = .seconds(20)
            return options
        }

        private func serving(_ handler: @escaping HTTPServer.Handler) throws -> HTTPServer {
            let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0), handler: handler)
            Task { @ReactorActor in await server.run() }
            return server
        }
    }
}

struct LoadURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/path?q=1", "127.0.0.1:8080", "127.0.0.1:8080", "/path?q=1"),
        ("http://10.1.2.3", "10.1.2.3:80", "10.1.2.3", "/"),
        ("http://localhost:81?x", "127.0.0.1:81", "localhost:81", "/?x"),
    ])
    func `a plain URL is read`(
        text: String, address: String, host: String, target: String
    ) throws {
        let url = try #require(LoadURL(text))
        #expect("\(url.address)" == address)
        #expect(url.host == host)
        #expect(url.target == target)
        #expect(LoadURL("\(url)") == url)
    }

    @Test(arguments: [
        "https://127.0.0.1/", "127.0.0.1:80", "http://", "http://example.org/",
        "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:80:80/",
        "http://127.0.0.1/a b", "http://127.0.0.1/#top", "http://127.0.0.1:/",
    ])
    func `anything else is refused`(text: String) {
        #expect(LoadURL(text) == nil)
    }
}
