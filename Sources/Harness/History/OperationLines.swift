// history.jsonl: every operation as two lines, one when it is invoked and one when it is over, in the
// order in which these things happened. Two lines rather than one, because a file that is cut short
// by a crash must still show the writes that were under way, and because linearizability needs the
// order of invocations and completions.
//
//     {"type":"invoke","index":7,"journey":"post","method":"POST","target":"/users/17/posts",
//      "user":17,"effect":"post","key":"p-7","intended":1200000000,"started":1200081000}
//     {"type":"ok","index":7,"completed":1204100000,"status":201,"servedBy":"app-2",
//      "acknowledgedBy":"store-1-2","session":"lost"}
//
// (each on one line). `type` of the second is ok, failed, unknown, shed or neverSent; failed and
// unknown carry `reason`; `cache` is fresh or stale for an answer from a cache's store. Times are
// nanoseconds since the run's epoch. Fields without a value are left out. An operation that was never
// dispatched has an invoke line without `started`.

extension Operation {
    /// Appends the line that says that the operation was invoked.
    package func appendInvocation(to bytes: inout [UInt8]) {
        var line = LineEncoder()
        line.begin(&bytes)
        line.field("type", "invoke", &bytes)
        line.field("index", Int64(index), &bytes)
        line.field("journey", journey, &bytes)
        line.field("method", request.method, &bytes)
        line.field("target", request.target, &bytes)
        line.field("user", Int64(user), &bytes)
        line.field("effect", effect.rawValue, &bytes)
        line.field("key", optional: key, &bytes)
        line.field("intended", intended, &bytes)
        line.field("started", optional: started, &bytes)
        line.end(&bytes)
    }

    /// Appends the line that says how the operation ended.
    package func appendCompletion(to bytes: inout [UInt8]) {
        var line = LineEncoder()
        line.begin(&bytes)
        line.field("type", outcome.word, &bytes)
        line.field("index", Int64(index), &bytes)
        line.field("reason", optional: outcome.reason?.rawValue, &bytes)
        line.field("completed", optional: completed, &bytes)
        if status != 0 { line.field("status", Int64(status), &bytes) }
        line.field("servedBy", optional: servedBy, &bytes)
        line.field("acknowledgedBy", optional: acknowledgedBy, &bytes)
        line.field("cache", optional: cache?.rawValue, &bytes)
        if lostSession { line.field("session", "lost", &bytes) }
        line.end(&bytes)
    }
}

extension Operation.Outcome {
    /// The word of the outcome in files and reports.
    package var word: String {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        case .unknown: "unknown"
        case .shed: "shed"
        case .neverSent: "neverSent"
        }
    }

    package var reason: Operation.Reason? {
        switch self {
        case .failed(let reason), .unknown(let reason): reason
        case .ok, .shed, .neverSent: nil
        }
    }

    /// Nil when the word is none of the five.
    package init?(word: String, reason: Operation.Reason) {
        switch word {
        case "ok": self = .ok
        case "failed": self = .failed(reason)
        case "unknown": self = .unknown(reason)
        case "shed": self = .shed
        case "neverSent": self = .neverSent
        default: return nil
        }
    }
}
