// One delivery of a message to a worker, and the token that names it.

/// The fencing token of a lease, which its worker hands back: `offset.number`.
///
/// It names the delivery and not the message. The number grows over the whole life of a partition,
/// whoever leads it, so a worker that was paused past its deadline holds a token that fits nothing
/// any more: it can take nothing away from the worker that has the message now.
struct LeaseToken: Hashable, Sendable, CustomStringConvertible {
    let offset: Offset
    /// Counts the leases of a partition over all topics and groups, from 1.
    let number: UInt64

    init(offset: Offset, number: UInt64) {
        self.offset = offset
        self.number = number
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let offset = UInt64(parts[0]), let number = UInt64(parts[1]) else {
            return nil
        }
        self.init(offset: Offset(rawValue: offset), number: number)
    }

    var description: String { "\(offset.rawValue).\(number)" }
}

/// What a worker is handed.
struct Lease: Equatable, Sendable {
    let token: LeaseToken
    /// 1 for the first try.
    let attempt: Int
    let key: [UInt8]
    let payload: [UInt8]
    /// Why it lies in a dead-letter topic, if it does.
    let burial: Burial?
}

/// What a dead-letter topic knows about a message beside the message itself.
struct Burial: Equatable, Sendable {
    enum Reason: UInt8, Sendable {
        /// The last try ended without an acknowledgement: its worker died or was too slow.
        case ranOut = 1
        /// The last try was given back as failed.
        case failed
        /// A worker said that no further try can help.
        case poison
        /// Nobody had done it when its retention was over.
        case tooOld
    }

    let reason: Reason
    /// What the worker gave as its reason; bounded by the policy.
    let note: String
    /// The group that did not get it done; empty when the topic has none.
    let group: String
    let attempts: Int
    /// Its place in the topic that it comes from.
    let offset: Offset
}

extension Burial.Reason {
    var word: String {
        switch self {
        case .ranOut: "ran-out"
        case .failed: "failed"
        case .poison: "poison"
        case .tooOld: "too-old"
        }
    }
}
