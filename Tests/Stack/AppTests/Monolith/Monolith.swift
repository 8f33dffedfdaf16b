// A monolith with a folder of its own, which can end as a crash does and be started again.

import Blueprint
import Endpoints
import Journal
import Linux
import Reactor
import Testing
import Wire

@testable import App

@ReactorActor
final class Monolith {
    let folder: String
    /// Nil between a crash and the next start.
    private(set) var app: AppServer?
    private var client: HTTPClient
    private let settings: AppSettings

    /// Over what an earlier one left in a folder, or a fresh one.
    init(
        folder: String = Monolith.freshFolder(), work: Duration = .milliseconds(1),
        sessionLifetime: Duration = .seconds(60)
    ) throws {
        self.folder = folder
        var settings = AppSettings(cache: [], shards: [], queue: [])
        settings.mode = .monolith
        settings.work = work
        settings.sessionLifetime = sessionLifetime
        settings.requestTimeout = .seconds(15)
        self.settings = settings
        (app, client) = try Self.start(folder, settings)
    }

    nonisolated static func freshFolder() -> String {
        "/tmp/faultline-monolith-\(CurrentProcess.id)-\(UInt64.random(in: 0 ... .max))"
    }

    private static func start(
        _ folder: String, _ settings: AppSettings
    ) throws -> (AppServer, HTTPClient) {
        let app = try AppServer(
            name: "app-1", listen: SocketAddress(ip: .loopback, port: 0), dataFolder: folder,
            settings: settings, seed: 1)
        Task { @ReactorActor in await app.run() }
        return (app, HTTPClient(try #require(app.address)))
    }

    var store: OwnStore? { app?.parts.store as? OwnStore }

    /// Answers nothing more, and reads its journal again as a new process would.
    func crash() async throws {
        app?.stop()
        app = nil
        client.close()
        // The journal is locked for as long as the old one lives.
        let deadline = MonotonicTime.now() + .seconds(10)
        let (folder, settings) = (folder, settings)
        while true {
            do {
                (app, client) = try Self.start(folder, settings)
                return
            } catch let error as AppError {
                guard error.isLocked, .now() < deadline else { throw error }
                await Reactor.sleep(for: .milliseconds(5))
            }
        }
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

    func signIn(_ user: Int) async throws -> String {
        let response = try await send("POST", "/signin", json: ["user": .integer(Int64(user))])
        #expect(response.status == 200)
        return try #require(response.json?["token"]?.string)
    }

    /// The order once it says that it is done.
    func doneOrder(_ user: Int, _ id: String) async throws -> JSON? {
        let deadline = MonotonicTime.now() + .seconds(20)
        while .now() < deadline {
            let response = try await send("GET", "/users/\(user)/orders/\(id)")
            if response.json?["state"] == "done" { return response.json }
            await Reactor.sleep(for: .milliseconds(5))
        }
        return nil
    }

    func remove() { try? File.removeTree(folder) }
}

extension AppError {
    /// The process before still has the journal.
    var isLocked: Bool {
        if case .data(let error) = self { error.isLocked } else { false }
    }
}

extension JournalError {
    var isLocked: Bool {
        if case .locked = self { true } else { false }
    }
}
