// Requests a second for a page that the cache holds: straight at one app, then through the balancer
// before it. Every request costs the app two reads of the cache, the session's and the page's.

import Endpoints
import Linux
import Reactor
import Wire

struct WebBench {
    private static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-web
        entry: balancer
        tiers:
          balancer: {role: balancer, to: app}
          app: {role: app, cache: cache, store: store, queue: queue}
          cache: {role: cache}
          store: {role: store, shards: 1, replicas: 1}
          queue: {role: queue, replicas: 1, partitions: 1}

        """
    private static let length: Duration = .seconds(3)

    private let options: BenchOptions
    private let repetitions: Int
    private let wrk: Wrk

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        wrk = try Wrk()
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Web tiers", of: Self.topology, options, repetitions: repetitions
        ) { [self] stack in
            var table = MarkdownTable(
                "wrk -t1 -c32, profile page", "requests/s", "least to most")
            table.add(try await measure(stack))
            return table
        }
    }

    /// Both ways in turns; which goes first changes each time.
    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> [(name: String, figures: [Double])] {
        let token = try await Self.signIn(at: stack.address(of: "app-1"))
        var ways: [(name: String, node: String, figures: [Double])] = [
            ("app and cache", "app-1", []), ("balancer, app and cache", "balancer-1", []),
        ]
        for repetition in 0..<repetitions {
            for index in repetition % 2 == 0 ? [0, 1] : [1, 0] {
                let address = try stack.address(of: ways[index].node)
                let rate = try await wrk.rate(
                    of: "http://\(address)/users/1/profile", headers: ["Session: \(token)"],
                    for: Self.length, from: stack)
                ways[index].figures.append(rate)
                Heading.progress("\(ways[index].name): \(Figure.text(rate, places: 0))/s")
            }
        }
        return ways.map { ($0.name, $0.figures) }
    }

    /// Signs a user in and has the page cached; returns the session's token.
    @ReactorActor
    private static func signIn(at app: SocketAddress) async throws -> String {
        let client = HTTPClient(app)
        defer { client.close() }
        let answer = try await client.send(
            HTTPRequest("POST", "/signin", host: "app-1", json: ["user": 1]),
            deadline: .now() + .seconds(5))
        guard let token = answer.json?["token"]?.string else {
            throw BenchError("no session: status \(answer.status)")
        }
        let deadline = MonotonicTime.now() + .seconds(10)
        // The store's shard may still be electing; what counts is that the cache has the page.
        while .now() < deadline {
            let request = HTTPRequest(
                "GET", "/users/1/profile", host: "app-1", headers: ["Session": token])
            let page = try await client.send(request, deadline: .now() + .seconds(5))
            if page.head.headers["cache"] == "hit" { return token }
        }
        throw BenchError("the page never came from the cache")
    }
}
