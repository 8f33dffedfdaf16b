// The DNS tier: authoritative for one zone, over UDP and TCP on one port, with what it knows of its
// endpoints' health over HTTP on another:
//
//     GET /health/live     200 while the process runs
//     GET /health/ready    200 once the checks have judged every endpoint and one is healthy
//     GET /-/status        regions, endpoints and their health, as JSON
//     GET /metrics         counters, as Prometheus reads them

package import Blueprint
import Endpoints
package import Linux
package import Reactor
import Telemetry
import Wire

/// A running DNS server.
@ReactorActor
package final class GeoDNSServer {
    private static let drainTimeout: Duration = .seconds(2)

    private let log: Log
    private let settings: GeoDNSSettings
    private var responder: Responder
    private var health: HealthBook
    private var datagrams: DatagramChannel?
    private var streams: StreamServer?
    private var status: HTTPServer?
    private var checker: HealthChecker?
    private var isDraining = false

    /// Listens at once; TCP and HTTP are served once `run` is called.
    package init(
        name: String, listen: SocketAddress, settings: GeoDNSSettings, seed: UInt64
    ) throws {
        log = Log(name)
        self.settings = settings
        responder = try Responder(settings, seed: seed)
        health = HealthBook(
            count: settings.endpoints.count, rise: settings.rise, fall: settings.fall,
            span: settings.checkInterval * settings.fall + settings.checkTimeout)
        if settings.check == .none || settings.endpoints.isEmpty { health.trustAll() }
        let (datagrams, listener) = try DatagramChannel.openWithListener(listen) {
            [unowned self] batch in
            serve(&batch)
        }
        self.datagrams = datagrams
        let shared = datagrams.address
        streams = StreamServer(listener, settings) { [unowned self] query, client in
            responder.answer(query.span, from: client, over: .stream) ? responder.bytes : nil
        }
        var limits = HTTPServerLimits()
        limits.connectionsMax = 64
        let beside = SocketAddress(ip: shared.ip, port: settings.statusPort)
        status = try HTTPServer(beside, limits: limits) { [unowned self] request in
            page(request)
        }
        checker = HealthChecker(settings) { [unowned self] index, passed in
            note(index, passed: passed)
        }
    }

    /// Where DNS is served, by UDP and TCP alike.
    package var address: SocketAddress? { datagrams?.address }
    package var statusAddress: SocketAddress? { status?.address }

    /// Serves until drained.
    package func run() async {
        let parts = [
            Task { @ReactorActor in await self.streams?.run() },
            Task { @ReactorActor in await self.status?.run() },
        ]
        if settings.check != .none { Task { @ReactorActor in await self.checker?.run() } }
        for part in parts { _ = await part.value }
    }

    /// Stops checking and accepting, and answers what it has.
    package func drain() async {
        isDraining = true
        checker?.stop()
        let deadline = MonotonicTime.now() + Self.drainTimeout
        await streams?.drain(deadline: deadline)
        datagrams?.close()
        await status?.drain(deadline: deadline)
    }

    // MARK: Datagrams

    private func serve(_ batch: inout DatagramBatch) {
        for index in 0..<batch.count where batch.isWhole(index) {
            let client = batch.source(of: index).ip
            let isAnswered = batch.withBytes(of: index) { message in
                responder.answer(message, from: client, over: .datagram)
            }
            if isAnswered { batch.answer(index, with: responder.bytes.span) }
        }
    }

    // MARK: Health

    private func note(_ index: Int, passed: Bool) {
        let guessed = health.isGuessing
        guard health.note(index, passed: passed, at: .now()) else { return }
        responder.update(answerable: health.answerable)
        let endpoint = settings.endpoints[index]
        log.info(
            passed ? "endpoint back in answers" : "endpoint out of answers",
            ["endpoint": endpoint.name, "region": endpoint.region])
        if health.isGuessing != guessed {
            log.warning(
                health.isGuessing
                    ? "every check fails: answering with the last good set" : "a check passes again"
            )
        }
    }

    // MARK: Status

    private func page(_ request: HTTPRequest) -> HTTPResponse {
        guard request.head.method == "GET" else { return HTTPResponse(405, error: "only GET") }
        switch request.head.path {
        case "/health/live": return HTTPResponse(200, json: ["live": true])
        case "/health/ready":
            return HTTPResponse(isReady ? 200 : 503, json: ["ready": .bool(isReady)])
        case "/-/status": return HTTPResponse(200, json: statusReport)
        case "/metrics": return metrics
        default: return HTTPResponse(404, error: "no such page")
        }
    }

    private var isReady: Bool {
        !isDraining && health.isComplete && (health.hasHealthy || settings.endpoints.isEmpty)
    }

    private var statusReport: JSON {
        let answerable = health.answerable
        let endpoints = settings.endpoints.enumerated().map { index, endpoint -> JSON in
            [
                "name": .string(endpoint.name), "region": .string(endpoint.region),
                "address": .string("\(endpoint.address)"),
                "weight": .integer(Int64(endpoint.weight)),
                "healthy": .bool(health.entries[index].isUp),
                "answered": .bool(answerable[index]),
            ]
        }
        let regions = settings.regions.enumerated().map { index, region -> JSON in
            let led = responder.plan.candidates[index].region
            return [
                "name": .string(region.name), "ledTo": .string(settings.regions[led].name),
            ]
        }
        return [
            "zone": .string(settings.zone),
            "serial": .integer(Int64(responder.zone.authority.serial)),
            "lastGood": .bool(health.isGuessing), "regions": .array(regions),
            "endpoints": .array(endpoints), "draining": .bool(isDraining),
        ]
    }

    private var metrics: HTTPResponse {
        var counters = responder.counts.counters
        counters.set("geodns_tcp_connections", to: Int64(streams?.connectionCount ?? 0))
        counters.set("geodns_datagrams_dropped", to: Int64(datagrams?.dropped ?? 0))
        for (endpoint, entry) in zip(settings.endpoints, health.entries) {
            counters.set(
                "geodns_endpoint_up{endpoint=\"\(endpoint.name)\"}", to: entry.isUp ? 1 : 0)
        }
        var head = HTTPResponseHead(status: 200)
        head.headers["Content-Type"] = "text/plain; version=0.0.4"
        return HTTPResponse(head: head, content: Array(counters.text.utf8))
    }
}
