// The load generator alone: the highest rate that it keeps to, beside what wrk gets out of the same
// server. The two answer different questions, so neither figure should beat the other: wrk sends as
// fast as the answers come, ours sends when its plan says so and counts what came late.

import Experiment
import Linux
import Reactor
import Testbed
import Wire

struct GeneratorBench {
    private static let length: Duration = .seconds(2)
    /// Good answers that a held rate has at least, as a share of the plan.
    private static let ratioMin = 0.99
    /// Attempts that one search takes at most.
    private static let attemptsMax = 16

    private let options: BenchOptions
    private let repetitions: Int
    private let wrk: Wrk
    private let server: Server

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 3
        wrk = try Wrk()
        server = Server.best
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Generator", of: server.topology, options, repetitions: repetitions
        ) { [self] stack in
            var table = MarkdownTable(
                "against \(server.description), 32 connections", "requests/s", "least to most")
            table.add(try await measure(stack))
            return table
        }
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> [(name: String, figures: [Double])] {
        let url = "http://\(try stack.address(of: server.node))\(server.path)"
        var ours: [Double] = []
        var theirs: [Double] = []
        for repetition in 0..<repetitions {
            // In turns, and the first turn is wrk's and ours alternately.
            if repetition % 2 == 1 { ours.append(try await highest(ours.last, url, stack)) }
            theirs.append(try await wrk.rate(of: url, for: Self.length, from: stack))
            if repetition % 2 == 0 { ours.append(try await highest(ours.last, url, stack)) }
            Heading.progress(
                "wrk \(Figure.text(theirs[repetition], places: 0))/s, "
                    + "ours \(Figure.text(ours[repetition], places: 0))/s")
        }
        return [("wrk -t1 -c32", theirs), ("faultline load, highest rate kept", ours)]
    }

    /// Climbs by half until a rate is not kept, or sinks until one is; then halves the gap three times.
    @ReactorActor
    private func highest(_ known: Double?, _ url: String, _ stack: BenchStack) async throws
        -> Double
    {
        var search = RateSearch(from: (known ?? 1500) / 1.5)
        for _ in 0..<Self.attemptsMax {
            guard let rate = search.next else { break }
            // Once more before it counts as refused: a hiccup of the host is not the generator's.
            var kept = try await isKept(rate, url, stack)
            if !kept { kept = try await isKept(rate, url, stack) }
            search.record(kept)
        }
        guard let kept = search.kept else { throw BenchError("the generator kept no rate at all") }
        return kept
    }

    @ReactorActor
    private func isKept(_ rate: Double, _ url: String, _ stack: BenchStack) async throws -> Bool {
        let whole = Int64(rate)
        let text = try await stack.tool(
            [
                try options.program("faultline"), "load", "--url=\(url)", "--rate=\(whole)/s",
                "--duration=\(Quantity.text(Self.length))", "--connections=32", "--json",
            ], limit: Self.length + .seconds(20))
        guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
            throw BenchError("faultline load gave no figures:\n\(text)")
        }
        let summary = try JSON.parse(Array(line.utf8).span)
        guard let ratio = summary["rateRatio"]?.double, let valid = summary["valid"]?.bool else {
            throw BenchError("figures without rateRatio and valid: \(line)")
        }
        Heading.progress("\(whole)/s: \(Figure.text(ratio * 100, places: 1))%, valid: \(valid)")
        return valid && ratio >= Self.ratioMin
    }
}

/// Where the highest rate that is kept lies, found by trying.
struct RateSearch {
    private(set) var kept: Double?
    private var refused: Double?
    private var rate: Double
    private var halvings = 0

    init(from rate: Double) { self.rate = rate }

    /// The rate to try; nil when it is known closely enough.
    var next: Double? { halvings > 3 || rate < 1 ? nil : rate }

    mutating func record(_ isKept: Bool) {
        if isKept { kept = max(kept ?? 0, rate) } else { refused = min(refused ?? .infinity, rate) }
        switch (kept, refused) {
        case (let low?, let high?):
            halvings += 1
            rate = (low + high) / 2
        case (_?, nil): rate *= 1.5
        case (nil, _): rate /= 1.5
        }
    }
}

/// The server that both generators are held against.
private struct Server: Sendable {
    let description: String
    let node: String
    let path: String
    let topology: String

    /// nginx where there is one, since it takes more than either generator sends; else our app.
    static var best: Server {
        for candidate in ["nginx", "/usr/sbin/nginx"] {
            if let path = ProgramSearch.find(candidate) { return nginx(path) }
        }
        return app
    }

    /// `user root`: as root, nginx gives its folders to that user, and a node may not give any away.
    private static func nginx(_ path: String) -> Server {
        Server(
            description: "nginx, one process", node: "server-1", path: "/",
            topology: """
                apiVersion: faultline/v1
                kind: Topology
                name: bench-generator
                entry: server
                tiers:
                  server:
                    exec: ["\(path)", -p, "{{folder}}", -e, stderr, -c, "{{files}}/nginx.conf"]
                    port: 8080
                    ready: {http: /}
                    files:
                      nginx.conf: |
                        daemon off;
                        master_process off;
                        user root;
                        pid nginx.pid;
                        events { worker_connections 1024; }
                        http {
                          access_log off;
                          keepalive_requests 1000000000;
                          client_body_temp_path body;
                          proxy_temp_path proxy;
                          fastcgi_temp_path fastcgi;
                          uwsgi_temp_path uwsgi;
                          scgi_temp_path scgi;
                          server {
                            listen {{address}}:{{port}};
                            location / { return 200 "ok"; }
                          }
                        }

                """)
    }

    private static let app = Server(
        description: "the app's /health/live", node: "app-1", path: "/health/live",
        topology: """
            apiVersion: faultline/v1
            kind: Topology
            name: bench-generator
            entry: app
            tiers:
              app: {role: app, cache: cache, store: store, queue: queue}
              cache: {role: cache}
              store: {role: store, shards: 1, replicas: 1}
              queue: {role: queue, replicas: 1, partitions: 1}

            """)
}
