// Our own pages: whether the balancer is ready, and how everything stands.

import Blueprint
import Endpoints
import Linux
import Wire

extension BalancerServer {
    func ownPage(_ target: String) -> HTTPResponse {
        switch target {
        case "/-/status": HTTPResponse(200, json: status)
        case "/-/ready": HTTPResponse(isDraining ? 503 : 200, json: ["ready": .bool(!isDraining)])
        default: HTTPResponse(404, error: "no such page")
        }
    }

    private var status: JSON {
        let now = MonotonicTime.now()
        let backends = pool.backends.enumerated().map { index, backend -> JSON in
            [
                "name": .string(backend.name), "inRotation": .bool(backend.isInRotation),
                "state": .string(backend.state), "inFlight": Self.number(backend.inFlight),
                "requests": Self.number(backend.requests),
                "failures": Self.number(backend.failures),
                "weight": .number(backend.weight(at: now)),
                "latencyMicroseconds":
                    Self.number(Int(backend.expectedLatency(at: now) * 1_000_000)),
                "idleConnections": Self.number(links[index].idleCount),
            ]
        }
        return [
            "backends": .array(backends), "retries": Self.number(counters.retries),
            "retriesAvailable": Self.number(budget.available), "draining": .bool(isDraining),
            "panic": .bool(pool.isPanicking), "inHand": Self.number(budget.live),
            "pending": Self.number(lineCount), "connections": Self.number(sessionCount),
            "limit": settings.admission.sheds ? Self.number(limit.limit) : .null,
            "clients": Self.number(rates.count),
            "accessLogDropped": Self.number(accessLog.dropped),
            "counters": .object(counters.all.map { ($0.name, Self.number($0.value)) }),
        ]
    }

    private static func number(_ value: Int) -> JSON { .integer(Int64(value)) }
}
