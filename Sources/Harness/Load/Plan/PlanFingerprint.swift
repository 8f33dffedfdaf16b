// Whether two runs planned the same requests, in sixteen hexadecimal digits.

import Experiment

/// FNV-1a, 64 bits, over every field of a run of planned requests (draft-eastlake-fnv).
package struct PlanFingerprint: Hashable, Sendable, CustomStringConvertible {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// Requests that went in.
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ request: PlannedRequest) {
        add(UInt64(request.index))
        add(UInt64(bitPattern: request.intended))
        for byte in request.journey.rawValue.utf8 { add(byte) }
        add(UInt64(request.user))
        add(UInt64(request.subject))
        count += 1
    }

    package var description: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private mutating func add(_ word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            add(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    private mutating func add(_ byte: UInt8) {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
}

extension ArrivalPlan {
    /// The fingerprint of the first `limit` requests still to come, or of all of them.
    package func fingerprint(first limit: Int = .max) -> PlanFingerprint {
        var plan = self
        var fingerprint = PlanFingerprint()
        while fingerprint.count < limit, let request = plan.next() { fingerprint.add(request) }
        return fingerprint
    }
}
