// Asks the endpoints whether they are healthy, each on its own schedule.
//
// The schedules are spread over the interval, so that checks are no burst; a check has less time than
// lies between two, so there is never more than one of an endpoint under way.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class HealthChecker {
    private let settings: GeoDNSSettings
    private let clients: [HTTPClient]
    private let note: @ReactorActor (_ index: Int, _ passed: Bool) -> Void
    private let stopping = Turnstile()
    private var isStopped = false

    init(_ settings: GeoDNSSettings, note: @escaping @ReactorActor (Int, Bool) -> Void) {
        self.settings = settings
        self.note = note
        var options = HTTPClientOptions()
        options.connectTimeout = settings.checkTimeout
        options.connectionsMax = 1
        clients = settings.endpoints.map { HTTPClient($0.address, options: options) }
    }

    /// Checks until stopped.
    func run() async {
        let checks = clients.indices.map { index in
            Task { @ReactorActor in await checkForEver(index) }
        }
        for check in checks { await check.value }
    }

    func stop() {
        isStopped = true
        stopping.wakeAll()
        for client in clients { client.close() }
    }

    private func checkForEver(_ index: Int) async {
        let interval = settings.checkInterval
        var next = MonotonicTime.now() + interval * index / max(1, clients.count)
        while !isStopped {
            if await stopping.wait(deadline: next) { return }
            let passed = await check(index, deadline: .now() + settings.checkTimeout)
            if isStopped { return }
            note(index, passed)
            next = max(next + interval, .now())
        }
    }

    private func check(_ index: Int, deadline: MonotonicTime) async -> Bool {
        let endpoint = settings.endpoints[index]
        switch settings.check {
        case .none: return true
        case .tcp:
            let connection = try? await Connection.connect(
                to: endpoint.address, deadline: deadline)
            connection?.close()
            return connection != nil
        case .http:
            let path = endpoint.checkPath ?? settings.checkPath
            let request = HTTPRequest("GET", path, host: endpoint.name)
            let response = try? await clients[index].send(request, deadline: deadline)
            return response.map { (200..<300).contains($0.status) } ?? false
        }
    }
}
