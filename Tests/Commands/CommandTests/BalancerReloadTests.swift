// SIGHUP to a balancer as an operator sends it: the file says what its backends are.

import Blueprint
import Endpoints
import Glibc
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BalancerReloadTests {
    private let listen = SocketAddress(
        ip: IPv4Address(127, 98, UInt8(CurrentProcess.id & 0xFF), 1), port: 8080)

    @Test func `SIGHUP moves the traffic to the backends that the file names now`() async throws {
        let folder = try ScratchFolder()
        let (old, new) = (try backend("old"), try backend("new"))
        defer {
            old.stop()
            new.stop()
        }
        let file = try folder.write("balancer.json", blueprint([old.address]))
        let node = try Program(["balancer", "--blueprint=\(file)"], name: "faultline-node")
        defer { node.send(SIGKILL) }
        try await until { await answer() == "old" }

        _ = try folder.write("balancer.json", blueprint([new.address]))
        node.send(SIGHUP)
        try await until { await answer() == "new" }

        _ = try folder.write("balancer.json", "{\"name\": ")
        node.send(SIGHUP)
        try await until {
            (node.errorText + node.outputText).contains("the blueprint cannot be read again")
        }
        #expect(await answer() == "new", "a file with a slip changes nothing")

        _ = try folder.write("balancer.json", blueprint([old.address, new.address]))
        node.send(SIGHUP)
        var seen: Set<String> = []
        try await until {
            if let name = await answer() { seen.insert(name) }
            return seen == ["old", "new"]
        }
        node.send(SIGTERM)
        #expect(await node.wait() == 0, "\(node.errorText)")
    }

    private func backend(_ name: String) throws -> HTTPServer {
        let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { _ in
            HTTPResponse(200, json: .string(name))
        }
        Task { @ReactorActor in await server.run() }
        return server
    }

    private func blueprint(_ backends: [SocketAddress]) -> String {
        var settings = BalancerSettings(
            backends: backends.map { NamedAddress(name: "app-\($0.port)", address: $0) })
        settings.policy = .roundRobin
        settings.slowStart = .zero
        let node = NodeBlueprint(
            name: "balancer-1", listen: listen, dataFolder: "/nowhere", seed: 1,
            settings: .balancer(settings))
        return node.json.text
    }

    /// Which backend answers; nil while the balancer does not.
    private func answer() async -> String? {
        let client = HTTPClient(listen)
        defer { client.close() }
        let request = HTTPRequest("GET", "/x", host: "x")
        let response = try? await client.send(request, deadline: .now() + .seconds(5))
        return response?.json?.string
    }

    private func until(_ condition: () async -> Bool) async throws {
        let deadline = MonotonicTime.now() + .seconds(60)
        while await !condition() {
            try #require(.now() < deadline, "the condition never came true")
            await Reactor.sleep(for: .milliseconds(5))
        }
    }
}
