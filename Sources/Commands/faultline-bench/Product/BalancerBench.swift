// The balancer beside HAProxy and nginx: keep-alive, answers of 1 KiB from one nginx, wrk with one thread
// and 32 connections. Each balancer is one thread on a core of its own; wrk and the origin share the
// other core, and are the same for all three. They take turns, so that a slow minute hits all alike.
// Then the memory that an idle connection costs, with so many open that have had one answer each.

import Endpoints
import Experiment
import Linux
import Reactor
import Testbed

struct BalancerBench {
    private static let length: Duration = .seconds(4)
    private static let idleCount = 2000
    private static let rivals = [
        (name: "balancer", node: "ours-1"), (name: "HAProxy, one thread", node: "haproxy-1"),
        (name: "nginx, one worker", node: "nginx-1"),
    ]

    private let options: BenchOptions
    private let repetitions: Int
    private let wrk: String
    private let taskset: String
    private let topology: String

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        wrk = try BenchOptions.tool("wrk", debian: "wrk")
        taskset = try BenchOptions.tool("taskset", debian: "util-linux")
        topology = BalancerRivals.topology(
            node: try options.program("faultline-node"), taskset: taskset,
            haproxy: try BenchOptions.tool("haproxy", debian: "haproxy"),
            nginx: try BenchOptions.tool("nginx", debian: "nginx-light"))
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Balancers", of: topology, options, repetitions: repetitions
        ) { [self] stack in
            var table = MarkdownTable(
                "1 KiB, wrk -t1 -c32, one core", "requests/s", "least to most", "p99, ms",
                "least to most", "bytes an idle connection")
            for (rival, runs) in zip(Self.rivals, try await measure(stack)) {
                let idle = try await idleBytes(rival.node, stack)
                guard let rates = Spread(runs.map(\.rate)), let tails = Spread(runs.map(\.p99))
                else { continue }
                table.add(
                    [rival.name] + rates.cells() + tails.cells(places: 2)
                        + [Figure.text(idle, places: 0)])
            }
            return table
        }
    }

    /// All in turns; who goes first changes each time.
    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> [[WrkRun]] {
        var runs: [[WrkRun]] = Self.rivals.map { _ in [] }
        for repetition in 0..<repetitions {
            for turn in Self.rivals.indices {
                let index = (turn + repetition) % Self.rivals.count
                let address = try stack.address(of: Self.rivals[index].node)
                let text = try await stack.tool(
                    [
                        taskset, "-c", "1", wrk, "-t1", "-c32", "--latency",
                        "-d\(Self.length.components.seconds)s", "http://\(address)/",
                    ], limit: Self.length + .seconds(20))
                let run = try WrkRun(text)
                runs[index].append(run)
                Heading.progress(
                    "\(Self.rivals[index].name): \(Figure.text(run.rate, places: 0))/s, "
                        + "p99 \(Figure.text(run.p99, places: 2)) ms")
            }
        }
        return runs
    }

    /// By how much the process grew over connections that lie idle, in bytes each.
    @ReactorActor
    private func idleBytes(_ node: String, _ stack: BenchStack) async throws -> Double {
        let member = try stack.member(named: node)
        guard let pid = member.node.process?.pid else { throw BenchError("\(node) is not up") }
        let before = try Self.residentBytes(pid)
        var held: [Connection] = []
        defer { for connection in held { connection.close() } }
        let deadline = MonotonicTime.now() + .seconds(60)
        let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        for _ in 0..<Self.idleCount {
            let connection = try await Connection.connect(
                to: member.plan.listen, deadline: deadline)
            connection.send(request)
            guard try await connection.receive(deadline: deadline) else {
                throw BenchError("\(node) closed a connection")
            }
            held.append(connection)
        }
        return Double(try Self.residentBytes(pid) - before) / Double(Self.idleCount)
    }

    /// `VmRSS` of /proc/PID/status, in bytes.
    private static func residentBytes(_ pid: Int32) throws -> Int {
        let lines = try File.text(of: "/proc/\(pid)/status").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw BenchError("/proc/\(pid)/status has no VmRSS") }
        return kibibytes * 1024
    }
}

/// What wrk 4 says with `--latency`: the rate, and the line `99%    1.34ms`.
struct WrkRun {
    let rate: Double
    /// Milliseconds.
    let p99: Double

    init(_ text: String) throws {
        rate = try Wrk.rate(in: text)
        let words = text.split(separator: "\n")
            .map { $0.split(separator: " ") }
            .first { $0.first == "99%" }
        guard let word = words?.last, let value = Self.milliseconds(word) else {
            throw BenchError("wrk said no p99:\n\(text)")
        }
        p99 = value
    }

    /// Reads `670.00us`, `1.34ms` and `1.20s`.
    static func milliseconds(_ text: Substring) -> Double? {
        for (unit, scale) in [("us", 0.001), ("ms", 1), ("s", 1000)] where text.hasSuffix(unit) {
            return Double(text.dropLast(unit.count)).map { $0 * scale }
        }
        return nil
    }
}

/// The three balancers and their origin as tiers of one stack; while one is measured the others idle.
enum BalancerRivals {
    static func topology(
        node: String, taskset: String, haproxy: String, nginx: String
    ) -> String {
        """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-balancers
        entry: ours
        tiers:
          ours:
            exec: ["\(taskset)", -c, "0", "\(node)", balancer, "--blueprint={{files}}/blueprint.json"]
            port: 8080
            ready: {http: /}
            files:
              blueprint.json: |
                {"name": "ours", "listen": "{{address}}:{{port}}", "dataFolder": "/nowhere",
                 "seed": "1", "tier": "balancer", "settings": {"checkPath": "/",
                 "backends": [{"name": "origin", "address": "{{addresses.of.origin}}"}]}}
          haproxy:
            exec: ["\(taskset)", -c, "0", "\(haproxy)", -db, -f, "{{files}}/haproxy.cfg"]
            port: 8080
            ready: {http: /}
            files:
              haproxy.cfg: |
                global
                  nbthread 1
                  maxconn 8192
                defaults
                  mode http
                  option forwardfor
                  http-reuse always
                  timeout connect 1s
                  timeout client 60s
                  timeout server 60s
                frontend front
                  bind {{address}}:{{port}}
                  default_backend back
                backend back
                  server origin {{addresses.of.origin}}
          nginx:
            exec: ["\(taskset)", -c, "0", "\(nginx)", -p, "{{folder}}", -e, stderr, -c, "{{files}}/nginx.conf"]
            port: 8080
            ready: {http: /}
            files:
              nginx.conf: |
        \(nginxHead(4))
                  upstream origin { server {{addresses.of.origin}}; keepalive 64; keepalive_requests 1000000000; }
                  server {
                    listen {{address}}:{{port}};
                    location / {
                      proxy_pass http://origin;
                      proxy_http_version 1.1;
                      proxy_set_header Connection "";
                      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    }
                  }
                }

        """ + origin(taskset: taskset, nginx: nginx)
    }

    /// Answers of 1 KiB, beside wrk on the other core.
    private static func origin(taskset: String, nginx: String) -> String {
        let page = String(repeating: "x", count: 1024)
        return """
              origin:
                exec: ["\(taskset)", -c, "1", "\(nginx)", -p, "{{folder}}", -e, stderr, -c, "{{files}}/nginx.conf"]
                port: 8080
                ready: {http: /}
                files:
                  nginx.conf: |
            \(nginxHead(4))
                      server {
                        listen {{address}}:{{port}};
                        location / { return 200 "\(page)"; }
                      }
                    }

            """
    }

    /// `user root`: as root, nginx gives its folders to that user, and a node may not give any away.
    static func nginxHead(_ depth: Int) -> String {
        let indent = String(repeating: "    ", count: depth - 2)
        return [
            "daemon off;", "master_process off;", "user root;", "pid nginx.pid;",
            "events { worker_connections 8192; }", "http {", "  access_log off;",
            "  keepalive_requests 1000000000;", "  client_body_temp_path body;",
            "  proxy_temp_path proxy;", "  fastcgi_temp_path fastcgi;",
            "  uwsgi_temp_path uwsgi;", "  scgi_temp_path scgi;",
        ].map { indent + $0 }.joined(separator: "\n")
    }
}
