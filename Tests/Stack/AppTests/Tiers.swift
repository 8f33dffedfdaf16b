// A cache, a store and a queue of the test's own: dictionaries behind real RESP servers, which can
// be told to refuse, to say nothing, or to be gone.

import App
import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

/// One tier: a RESP server over a dictionary.
@ReactorActor
final class Tier {
    enum Mood {
        case well
        case answering(RESPValue)
        case silent
    }

    var values: [String: [UInt8]] = [:]
    var mood = Mood.well
    /// Told of every command before it is answered.
    var onCommand: @ReactorActor (RESPCommand) async -> Void = { _ in }
    private(set) var commands: [[String]] = []
    private var sessionCount = 0
    private let state: State
    private let server: RESPServer

    var address: SocketAddress { server.address }

    @ReactorActor
    private final class State {
        weak var tier: Tier?
    }

    init() throws {
        let state = State()
        self.state = state
        server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { command in
            guard let tier = state.tier else { return .error("ERR gone") }
            return await tier.answer(command)
        }
        state.tier = self
        Task { @ReactorActor [server] in await server.run() }
    }

    func count(_ name: String) -> Int { commands.count { $0.first == name } }

    /// As if the process had died: connections break and new ones are refused.
    func kill() { server.stop() }

    private func answer(_ command: RESPCommand) async -> RESPValue {
        let words = command.words.map { String(decoding: $0, as: UTF8.self) }
        // As of a store that was well when the app first wrote to it.
        if words[0] == "SESSION" {
            sessionCount += 1
            return .bulk("@\(sessionCount)")
        }
        commands.append(words)
        await onCommand(command)
        switch mood {
        case .well: return execute(words)
        case .answering(let value): return value
        case .silent:
            _ = await Promise<Int>().value()
            return .null
        }
    }

    private func execute(_ words: [String]) -> RESPValue {
        switch words[0] {
        case "GET": return value(words[1])
        case "MGET": return .array(words.dropFirst().map(value))
        case "SET":
            values[words[1]] = Array(words[2].utf8)
            return .simple("OK")
        case "RANGE":
            let keys = values.keys.filter { $0.hasPrefix(words[1]) }.sorted().reversed()
            return .array(
                keys.prefix(Int(words[2]) ?? 0).flatMap { [.bulk(Array($0.utf8)), value($0)] })
        case "ONCE":
            if values[words[1]] != nil { return .integer(0) }
            values[words[1]] = []
            values[words[2]] = Array(words[3].utf8)
            return .integer(1)
        case "DEL": return .integer(values.removeValue(forKey: words[1]) == nil ? 0 : 1)
        case "PUBLISH":
            let sequence = words.suffix(2).joined(separator: "/")
            if values.updateValue(Array(words[3].utf8), forKey: sequence) != nil {
                return .integer(0)
            }
            return .integer(Int64(values.count))
        default: return .error("ERR unknown command")
        }
    }

    private func value(_ key: String) -> RESPValue { values[key].map { .bulk($0) } ?? .null }
}

/// An app over one cache, one store of one shard, one queue.
@ReactorActor
final class Bench {
    let cache: Tier
    let store: Tier
    let queue: Tier
    let app: AppServer
    let client: HTTPClient
    private let settings: AppSettings

    init(
        requestTimeout: Duration = .seconds(15), adjust: (inout AppSettings) -> Void = { _ in }
    ) throws {
        cache = try Tier()
        store = try Tier()
        queue = try Tier()
        var settings = AppSettings(
            cache: [NamedAddress(name: "cache-1", address: cache.address)],
            shards: [[NamedAddress(name: "store-1-1", address: store.address)]],
            queue: [NamedAddress(name: "queue-1", address: queue.address)])
        settings.requestTimeout = requestTimeout
        adjust(&settings)
        self.settings = settings
        app = try Self.start("app-1", settings)
        client = patientClient(try #require(app.address))
    }

    private static func start(_ name: String, _ settings: AppSettings) throws -> AppServer {
        // A test says what goes wrong; slowness of the machine must not.
        var timeouts = DependencyTimeouts()
        timeouts.cache = .seconds(10)
        timeouts.leaderTry = .seconds(10)
        timeouts.leaderConnect = .seconds(10)
        let app = try AppServer(
            name: name, listen: SocketAddress(ip: .loopback, port: 0), settings: settings,
            seed: 1, timeouts: timeouts)
        Task { @ReactorActor in await app.run() }
        return app
    }

    private init(_ other: Bench) throws {
        (cache, store, queue, settings) = (other.cache, other.store, other.queue, other.settings)
        app = try Self.start("app-2", settings)
        client = patientClient(try #require(app.address))
    }

    /// Another app over the same tiers.
    func neighbour() throws -> Bench { try Bench(self) }

    func signIn(_ user: Int) async throws -> String {
        let response = try await send("POST", "/signin", json: ["user": .integer(Int64(user))])
        #expect(response.status == 200)
        return try #require(response.json?["token"]?.string)
    }

    func get(_ target: String, _ session: String? = nil) async throws -> HTTPResponse {
        try await send("GET", target, session)
    }

    func post(
        _ user: Int, _ id: String?, _ session: String?, text: String = "hello"
    ) async throws -> HTTPResponse {
        try await send(
            "POST", "/users/\(user)/posts", session, key: id, json: ["text": .string(text)])
    }

    func checkOut(
        _ user: Int, _ id: String?, _ session: String?
    ) async throws -> HTTPResponse {
        try await send("POST", "/users/\(user)/checkout", session, key: id)
    }

    func send(
        _ method: String, _ target: String, _ session: String? = nil, key: String? = nil,
        json: JSON? = nil
    ) async throws -> HTTPResponse {
        var headers: HTTPHeaders = [:]
        headers["Session"] = session
        headers["Idempotency-Key"] = key
        let request = HTTPRequest(method, target, host: "x", headers: headers, json: json)
        return try await client.send(request, deadline: .now() + .seconds(20))
    }
}

@ReactorActor
private func patientClient(_ address: SocketAddress) -> HTTPClient {
    var options = HTTPClientOptions()
    options.connectTimeout = .seconds(10)
    return HTTPClient(address, options: options)
}

extension HTTPResponse {
    /// "hit" or "miss".
    var cacheState: String? { head.headers["cache"] }

    /// The texts of a feed.
    var texts: [String] {
        (json?["posts"]?.array ?? []).compactMap { $0["text"]?.string }
    }
}
