// One planned request and what became of it. Everything that Checkers says about a run it says from
// a list of these, so every request of the plan has exactly one, also the one that was never sent.
//
// The line between `failed` and `unknown` is the one that consistency checks stand on: `failed` says
// that the system certainly did not do it. A timeout, or a connection lost after the request went
// out, is `unknown`, because the write may still be in a log somewhere (Jepsen calls the two `fail`
// and `info`).

/// A request of the plan, from its intended time to its outcome.
package struct Operation: Hashable, Sendable {
    /// Place in the plan, from 0, without gaps.
    package var index: Int
    package var journey: String
    package var request: Request
    /// The simulated user that the request is for.
    package var user: Int
    package var effect: Effect
    /// Identifier of the post or the order that the request makes or reads.
    package var key: String?
    /// When the plan wanted it sent, in nanoseconds since the run's epoch; latency counts from here.
    package var intended: Int64
    /// When the generator dispatched it; nil: it never did.
    package var started: Int64?
    /// When the answer was whole, or when waiting ended; intended <= started <= completed.
    package var completed: Int64?
    package var outcome: Outcome
    /// Status of the answer; 0 without one.
    package var status: Int
    /// Node that answered, as it names itself.
    package var servedBy: String?
    /// Node that acknowledged the write, as it names itself.
    package var acknowledgedBy: String?
    /// The system answered 401 to a session that it had granted and that was not over: it has
    /// forgotten who this is, whatever came of the request after another sign-in.
    package var lostSession = false
    /// Set when a cache answered from its store: stale if any on the way did so with stale content.
    package var cache: CacheUse?

    package init(
        index: Int, journey: String, request: Request, user: Int, effect: Effect = .read,
        key: String? = nil, intended: Int64
    ) {
        self.index = index
        self.journey = journey
        self.request = request
        self.user = user
        self.effect = effect
        self.key = key
        self.intended = intended
        self.outcome = .neverSent
        self.status = 0
    }
}

extension Operation {
    package struct Request: Hashable, Sendable {
        package var method: String
        package var target: String

        package init(method: String, target: String) {
            self.method = method
            self.target = target
        }
    }

    /// How good an answer from a cache's store was, by Cache-Status (RFC 9211).
    package enum CacheUse: String, CaseIterable, Hashable, Sendable {
        case fresh
        case stale
    }

    /// What the system promises to keep when it acknowledges the operation.
    package enum Effect: String, CaseIterable, Hashable, Sendable {
        /// Nothing that a later read could miss: reads, sign-ins.
        case read
        /// A post that is there for good.
        case post
        /// An order that takes effect once.
        case order
    }

    package enum Outcome: Hashable, Sendable {
        case ok
        /// It certainly did not take effect.
        case failed(Reason)
        /// It may have taken effect, or may yet.
        case unknown(Reason)
        /// The generator had no room for it under its bound on requests in flight.
        case shed
        /// The run ended, or the generator fell behind, before it was dispatched.
        case neverSent
    }

    /// Why an operation did not end well, in the word that reports group by.
    package struct Reason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        /// No connection could be made, so nothing was sent.
        package static let refused = Reason(rawValue: "refused")
        /// An answer that says that nothing was done; the status has the detail.
        package static let rejected = Reason(rawValue: "rejected")
        package static let timeout = Reason(rawValue: "timeout")
        /// The connection ended after the request went out and before the answer was whole.
        package static let reset = Reason(rawValue: "reset")
        /// An answer of the server that leaves open whether it was done, as 502 and 504 do.
        package static let serverError = Reason(rawValue: "server-error")
        /// Bytes that are not an answer of the protocol.
        package static let malformed = Reason(rawValue: "malformed")
        /// The history ends before the operation does.
        package static let unfinished = Reason(rawValue: "unfinished")
    }
}
