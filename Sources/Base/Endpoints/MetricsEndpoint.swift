// Where a node shows its metrics: GET /metrics, on a port of its own, so that a tier whose clients have
// taken all its connections can still be looked at.

package import Linux
package import Reactor
package import Telemetry
import Wire

@ReactorActor
package final class MetricsEndpoint {
    private let server: HTTPServer

    /// Listens at once; `page` is asked for at every scrape.
    package init(
        _ address: SocketAddress, page: @escaping @ReactorActor () async -> MetricsPage
    ) throws(SyscallError) {
        var limits = HTTPServerLimits()
        limits.connectionsMax = 64
        server = try HTTPServer(address, limits: limits) { request in
            guard request.head.path == "/metrics" else {
                return HTTPResponse(404, error: "the metrics are at /metrics")
            }
            guard ["GET", "HEAD"].contains(request.head.method) else {
                return HTTPResponse(405, error: "only GET")
            }
            var response = HTTPResponse(head: .init(status: 200))
            response.head.headers["Content-Type"] = MetricsPage.contentType
            response.content = Array(await page().text.utf8)
            return response
        }
    }

    package var address: SocketAddress { server.address }

    package func run() async { await server.run() }

    package func stop() { server.stop() }
}
