// What an answer, or the lack of one, says about a request. This table decides what a run may claim
// later: `failed` for what certainly had no effect, `unknown` for what may have had one.
//
//     answer                            read                 write
//     2xx                               ok                   ok
//     503, 3xx, 4xx                     failed rejected      failed rejected
//     other 5xx                         failed server-error  unknown server-error
//     not an answer                     failed malformed     unknown malformed
//     connection lost after sending     failed reset         unknown reset
//     connection refused                failed refused       failed refused
//     out of time before sending        unknown timeout      failed timeout
//     out of time after sending         unknown timeout      unknown timeout
//
// A read has no effect to be unsure of; its timeouts are `unknown` all the same, because by History's
// rule that is the outcome whose waiting time counts as a latency, and timeouts that are left out of
// the percentiles would make a stalled system look quick.

import Endpoints
import History
import Reactor
import Wire

/// How one planned request ended.
struct Conclusion: Equatable, Sendable {
    var outcome: Operation.Outcome
    /// 0 without an answer.
    var status = 0
    var servedBy: String?
    var acknowledgedBy: String?
    /// A session that was granted and not over was answered with 401.
    var lostSession = false
    var cache: Operation.CacheUse?

    init(_ outcome: Operation.Outcome) { self.outcome = outcome }

    init(_ response: HTTPResponse, to effect: Operation.Effect) {
        outcome = Self.outcome(of: response.status, effect)
        status = response.status
        servedBy = response.head.headers["served-by"]
        cache = Self.cacheUse(response.head.headers.values(of: "cache-status"))
        if effect != .read { acknowledgedBy = response.head.headers["acknowledged-by"] }
    }

    init(_ error: ClientError, to effect: Operation.Effect) {
        outcome = Self.outcome(of: error, effect)
    }

    /// Reads Cache-Status (RFC 9211): one entry a cache on the way, the nearest to the user last. A
    /// hit whose time to live is used up was stale, wherever on the way it was.
    static func cacheUse(_ status: [String]) -> Operation.CacheUse? {
        let uses = status.flatMap { $0.split(separator: ",") }.map { use(of: $0) }
        if uses.contains(.stale) { return .stale }
        return uses.last ?? nil
    }

    private static func use(of entry: Substring) -> Operation.CacheUse? {
        let words = entry.split(separator: ";").map { $0.drop { $0 == " " } }
        guard words.dropFirst().contains("hit") else { return nil }
        let left = words.first { $0.hasPrefix("ttl=") }.flatMap { Int($0.dropFirst(4)) }
        return (left ?? 0) < 0 ? .stale : .fresh
    }

    static func outcome(of status: Int, _ effect: Operation.Effect) -> Operation.Outcome {
        switch status {
        case 200..<300: .ok
        case 503: .failed(.rejected)
        case 500...: effect == .read ? .failed(.serverError) : .unknown(.serverError)
        default: .failed(.rejected)
        }
    }

    static func outcome(of error: ClientError, _ effect: Operation.Effect) -> Operation.Outcome {
        let isRead = effect == .read
        switch error {
        case .unreachable(.timedOut): return isRead ? .unknown(.timeout) : .failed(.timeout)
        case .unreachable: return .failed(.refused)
        case .unanswered(.timedOut): return .unknown(.timeout)
        case .unanswered: return isRead ? .failed(.reset) : .unknown(.reset)
        case .malformed: return isRead ? .failed(.malformed) : .unknown(.malformed)
        }
    }
}
