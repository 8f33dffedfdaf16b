// What a worker says about itself over HTTP.
//
//     GET /health/live     200 while the process turns
//     GET /health/ready    200 while the queue answers, 503 before, without it and on the way out
//     GET /status          the figures as JSON

import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class WorkerHealth {
    /// Orders taken whose work is not over.
    var inWork = 0
    /// Effects that this worker applied.
    var done = 0
    /// Deliveries that were not the first of their order.
    var retried = 0
    /// Orders whose effect an earlier delivery had applied.
    var repeated = 0
    /// Tries that were given back as failed.
    var failed = 0
    /// Messages that were no orders.
    var poison = 0
    var acknowledged = 0
    /// Acknowledgements, and the like, of a lease that was somebody else's by then.
    var fenced = 0
    /// Those that got no answer.
    var unanswered = 0
    /// Given back untried on the way out.
    var released = 0
    var generation = 0
    /// Counted from 1.
    var partitions: [Int] = []
    var isEnding = false
    private var hearsQueue = false

    init() {}

    func heardFromQueue() { hearsQueue = true }

    func missedQueue() { hearsQueue = false }

    var isReady: Bool { hearsQueue && !isEnding }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard ["GET", "HEAD"].contains(request.head.method) else {
            return HTTPResponse(405, error: "only GET")
        }
        switch request.head.path {
        case "/health/live": return HTTPResponse(200, json: ["live": true])
        case "/health/ready":
            return HTTPResponse(isReady ? 200 : 503, json: ["ready": .bool(isReady)])
        case "/status": return HTTPResponse(200, json: status)
        default: return HTTPResponse(404, error: "no such page")
        }
    }

    private var status: JSON {
        .object(
            [
                ("inWork", inWork), ("done", done), ("retried", retried), ("repeated", repeated),
                ("failed", failed), ("poison", poison), ("acknowledged", acknowledged),
                ("fenced", fenced), ("unanswered", unanswered), ("released", released),
                ("generation", generation),
            ].map { ($0, .integer(Int64($1))) } + [
                ("partitions", .array(partitions.map { .integer(Int64($0)) })),
                ("ready", .bool(isReady)),
            ])
    }
}
