// Active checks, the comparison of outliers, and the limit: what happens beside the requests. Checks go
// over connections of their own: behind the requests of a slow backend they would only find out that
// it is slow.

import Blueprint
import Endpoints
import Linux
import Reactor
import Telemetry

extension BalancerServer {
    /// Checks a backend for as long as it has its place.
    func watch(_ index: Int) {
        let link = links[index]
        var options = HTTPClientOptions()
        options.connectTimeout = settings.checkTimeout
        options.connectionsMax = 1
        let checker = HTTPClient(link.address, options: options)
        Task { @ReactorActor in
            while !isDraining, links[index] === link, pool.backends[index].isMember {
                let started = MonotonicTime.now()
                let passed = await check(link, by: checker, from: started)
                guard links[index] === link else { break }
                pool.noteCheck(index, passed: passed, at: .now())
                placeFreed(at: .now())
                await Reactor.sleep(until: started + settings.checkInterval)
            }
            checker.close()
        }
    }

    private func check(
        _ link: BackendLink, by checker: HTTPClient, from started: MonotonicTime
    ) async -> Bool {
        let request = HTTPRequest("GET", settings.checkPath, host: link.name)
        let response = try? await checker.send(request, deadline: started + settings.checkTimeout)
        return response.map { (200..<300).contains($0.status) } ?? false
    }

    func compareForEver() async {
        while !isDraining {
            await Reactor.sleep(for: settings.outlier.interval)
            pool.compare(at: .now())
            placeFreed(at: .now())
        }
    }

    func limitForEver() async {
        while !isDraining {
            await Reactor.sleep(for: settings.admission.limitInterval)
            limit.update()
        }
    }

    /// Tells the log who came and who went.
    func report() {
        for change in pool.takeChanges() {
            log.info(
                change.isIn ? "backend back in rotation" : "backend out of rotation",
                ["backend": change.name, "reason": change.reason])
        }
    }
}
