// One request through a real stack: its id is in the log of every tier that had a hand in it.

import Endpoints
import Glibc
import Linux
import Reactor
import Testing
import Wire

@Suite(.serialized, .enabled(if: canRun, "needs a sandbox: see `faultline doctor`"))
struct RequestTraceTests {
    private static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: traced
        entry: balancer
        tiers:
          balancer: {role: balancer, to: app, log: all}
          app: {role: app, cache: cache, store: store, queue: queue, log: all}
          cache: {role: cache, log: all}
          store: {role: store, shards: 1, replicas: 1, log: all}
          queue: {role: queue, partitions: 1, replicas: 1, log: all}
          worker: {role: worker, queue: queue, store: store, log: all}
        """

    /// The address on loopback under which a node is said to be reached.
    private static func address(of node: String, in text: String) -> SocketAddress? {
        text.split(whereSeparator: \.isNewline)
            .first { $0.contains("\(node) at ") }
            .flatMap { $0.split(separator: " ").first { $0.hasPrefix("127.0.0.1:") } }
            .flatMap { SocketAddress(String($0)) }
    }

    @ReactorActor
    private static func send(
        _ path: String, _ fields: HTTPHeaders, _ content: JSON, to address: SocketAddress
    ) async throws -> HTTPResponse {
        let client = HTTPClient(address)
        defer { client.close() }
        let request = HTTPRequest("POST", path, host: "shop", headers: fields, json: content)
        return try await client.send(request, deadline: .now() + .seconds(10))
    }

    @Test(.timeLimit(.minutes(2)))
    func `the id of a checkout is in the log of every tier that it passed`() async throws {
        let folder = try ScratchFolder()
        let file = try folder.write("traced.yaml", Self.topology)
        let program = try Program(["stack", "up", file])
        defer { program.send(SIGKILL) }
        try #require(await program.says("is up"), "\(program.errorText)")
        let balancer = try #require(
            Self.address(of: "balancer-1", in: program.errorText), "\(program.errorText)")
        let session = try await Self.send("/signin", [:], ["user": 17], to: balancer)
        let token = try #require(session.json?["token"]?.string, "status \(session.status)")
        let id = "trace-\(getpid())"
        let placed = try await Self.send(
            "/users/17/checkout",
            ["Session": token, "Idempotency-Key": "o-1", "X-Request-Id": id], [:], to: balancer)
        #expect(placed.status == 202)
        let logs = try #require(
            program.errorText.split(separator: "logs in ").last?.prefix { $0 != ";" })
        func says(_ node: String, _ text: String) -> Bool {
            ((try? File.text(of: "\(logs)/\(node).log")) ?? "").contains(text)
        }
        for node in ["balancer-1", "app-1", "cache-1", "store-1-1", "worker-1"] {
            #expect(await eventually { says(node, id) }, "\(node) does not know \(id)")
        }
        #expect(!says("app-1", "another-\(id)"))
        program.send(SIGINT)
        #expect(await program.wait() == 0, "\(program.errorText)")
    }
}
