// Hits a second of a page of 1 KiB: our edge, nginx's proxy_cache and Varnish, each on one core, in
// turns, in front of one origin that the measurement does not touch once the page is stored.

import Endpoints
import Linux
import Reactor
import Wire

struct EdgeBench {
    private static let length: Duration = .seconds(3)
    private static let target = "/static/asset-1"
    private static let contestants = ["edge", "nginx", "varnish"]

    private let options: BenchOptions
    private let repetitions: Int
    private let wrk: Wrk

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        wrk = try Wrk()
        for (tool, package) in [
            ("nginx", "nginx"), ("varnishd", "varnish"), ("taskset", "util-linux"),
        ] {
            _ = try BenchOptions.tool(tool, debian: package)
        }
    }

    func perform() throws -> Int32 {
        let topology = EdgeRivals.topology(node: try options.program("faultline-node"))
        return try BenchStack.measure(
            "Edge hits", of: topology, options, repetitions: repetitions
        ) { [self] stack in
            var table = MarkdownTable("wrk -t1 -c32, 1 KiB hit", "requests/s", "least to most")
            table.add(try await measure(stack))
            return table
        }
    }

    /// In turns; who goes first changes each time.
    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> [(name: String, figures: [Double])] {
        var results = Self.contestants.map { (name: $0, figures: [Double]()) }
        for repetition in 0..<repetitions {
            for place in results.indices {
                let index = (place + repetition) % results.count
                let address = try stack.address(of: "\(results[index].name)-1")
                try await Self.fill(address)
                let rate = try await wrk.rate(
                    of: "http://\(address)\(Self.target)", for: Self.length, from: stack, core: 0)
                results[index].figures.append(rate)
                Heading.progress("\(results[index].name): \(Figure.text(rate, places: 0))/s")
            }
        }
        return results
    }

    /// Has the page stored, and sees that it is a hit of 1 KiB.
    @ReactorActor
    private static func fill(_ address: SocketAddress) async throws {
        let client = HTTPClient(address)
        defer { client.close() }
        let deadline = MonotonicTime.now() + .seconds(10)
        while .now() < deadline {
            let request = HTTPRequest("GET", target, host: "\(address)")
            let page = try await client.send(request, deadline: .now() + .seconds(5))
            if page.status == 200, page.content.count == 1024, isHit(page.head.headers) { return }
        }
        throw BenchError("\(address) never answered from its store")
    }

    private static func isHit(_ headers: HTTPHeaders) -> Bool {
        headers["age"] != nil && headers["x-varnish"]?.contains(" ") != false
            || headers["x-cache"] == "HIT"
    }
}

/// The caches that are compared, and the origin behind them.
enum EdgeRivals {
    /// Each cache is held to the second core; the generator has the first.
    static func topology(node: String) -> String {
        """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-edge
        entry: origin
        tiers:
          origin:
            exec: [nginx, -c, "{{files}}/nginx.conf", -p, "{{folder}}"]
            serves: app
            port: 8080
            files:
              nginx.conf: "\(originConfiguration)"
          edge:
            exec: [taskset, -c, "1", "\(node)", edge, "--blueprint={{files}}/edge.json"]
            port: 8080
            files:
              edge.json: '\(blueprint)'
          nginx:
            exec: [taskset, -c, "1", nginx, -c, "{{files}}/nginx.conf", -p, "{{folder}}"]
            port: 8080
            files:
              nginx.conf: "\(cacheConfiguration)"
          varnish:
            exec: [taskset, -c, "1", varnishd, -F, -n, "{{folder}}/varnish", -j, none,
                   -a, "{{address}}:8080", -s, "malloc,64m",
                   -b, "{{address.of.origin}}:8080"]
            port: 8080

        """
    }

    private static let blueprint = """
        {"name": "edge-1", "listen": "{{address}}:8080", "dataFolder": "{{folder}}", "seed": 1, \
        "tier": "edge", "settings": {"origins": [{"name": "origin-1", \
        "address": "{{address.of.origin}}:8080"}] } }
        """

    private static let paths = """
        user root; pid nginx.pid; error_log stderr warn; daemon off; worker_processes 1; \
        events { worker_connections 1024; }
        """

    private static let temporary = """
        access_log off; client_body_temp_path body; proxy_temp_path proxy; \
        fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; \
        keepalive_requests 1000000000;
        """

    private static let originConfiguration = """
        \(paths) http { \(temporary) server { listen {{address}}:8080; \
        location / { add_header Cache-Control 'public, max-age=3600'; \
        return 200 '\(String(repeating: "x", count: 1024))'; } } }
        """

    private static let cacheConfiguration = """
        \(paths) http { \(temporary) \
        proxy_cache_path cache levels=1:2 keys_zone=hits:10m max_size=64m; \
        open_file_cache max=1000; sendfile on; tcp_nopush on; \
        server { listen {{address}}:8080; location / { proxy_cache hits; \
        add_header X-Cache $upstream_cache_status; \
        proxy_pass http://{{address.of.origin}}:8080; } } }
        """
}
