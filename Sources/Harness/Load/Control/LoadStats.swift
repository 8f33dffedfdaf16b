// How a load stands, as its process tells the one that watches it. Both ends use this type; between
// them it is JSON, with numbers in nanoseconds where the name says so.

import Linux
package import Wire

package struct LoadStats: Equatable, Sendable {
    package var counts = LoadCounts()
    /// The last ten seconds, oldest first, or as many of them as were asked for.
    package var windows: [LoadWindow] = []
    /// From intended time to dispatch, in nanoseconds: how late the generator itself is.
    package var dispatchLagP99: Int64 = 0
    package var dispatchLagMax: Int64 = 0
    package var signIns = 0
    /// Users who had to sign in again, because the system had forgotten their session.
    package var sessionsRenewed = 0
    /// Of the requests planned so far.
    package var fingerprint = ""
    /// The plan was ended before its time.
    package var isCut = false
    /// Every request has ended and the files are whole.
    package var isDone = false
    /// Why the files cannot be trusted; nil: they can.
    package var problem: String?

    package init() {}
}

extension LoadStats {
    package var json: JSON {
        [
            "planned": .integer(Int64(counts.planned)),
            "started": .integer(Int64(counts.started)),
            "sent": .integer(Int64(counts.sent)),
            "ok": .integer(Int64(counts.ok)),
            "failed": Self.object(counts.failed),
            "unknown": Self.object(counts.unknown),
            "timedOut": .integer(Int64(counts.timedOut)),
            "shed": .integer(Int64(counts.shed)),
            "neverSent": .integer(Int64(counts.neverSent)),
            "inFlight": .integer(Int64(counts.inFlight)),
            "accounted": .bool(counts.accounted),
            "statuses": Self.object(
                Dictionary(uniqueKeysWithValues: counts.statuses.map { ("\($0)", $1) })),
            "dispatchLagP99Nanoseconds": .integer(dispatchLagP99),
            "dispatchLagMaxNanoseconds": .integer(dispatchLagMax),
            "signIns": .integer(Int64(signIns)),
            "sessionsRenewed": .integer(Int64(sessionsRenewed)),
            "fingerprint": .string(fingerprint),
            "cut": .bool(isCut),
            "done": .bool(isDone),
            "problem": problem.map { .string($0) } ?? .null,
            "windowNanoseconds": .integer(WindowRing.width),
            "windows": .array(windows.map(\.json)),
        ]
    }

    /// Reads what `json` writes; nil when something is missing.
    package init?(json: JSON) {
        guard let planned = json["planned"]?.int, let started = json["started"]?.int,
            let sent = json["sent"]?.int, let ok = json["ok"]?.int,
            let failed = json["failed"].flatMap(Self.counts),
            let unknown = json["unknown"].flatMap(Self.counts),
            let statuses = json["statuses"].flatMap(Self.counts),
            let shed = json["shed"]?.int, let neverSent = json["neverSent"]?.int,
            let inFlight = json["inFlight"]?.int,
            let lagP99 = json["dispatchLagP99Nanoseconds"]?.int64,
            let lagMax = json["dispatchLagMaxNanoseconds"]?.int64,
            let signIns = json["signIns"]?.int, let renewed = json["sessionsRenewed"]?.int,
            let fingerprint = json["fingerprint"]?.string, let isCut = json["cut"]?.bool,
            let isDone = json["done"]?.bool, let windows = json["windows"]?.array
        else { return nil }
        (counts.planned, counts.started, counts.sent, counts.ok) = (planned, started, sent, ok)
        (counts.failed, counts.unknown) = (failed, unknown)
        (counts.shed, counts.neverSent, counts.inFlight) = (shed, neverSent, inFlight)
        for (status, count) in statuses { Int(status).map { counts.statuses[$0] = count } }
        self.windows = windows.compactMap(LoadWindow.init(json:))
        guard self.windows.count == windows.count else { return nil }
        (dispatchLagP99, dispatchLagMax) = (lagP99, lagMax)
        (self.signIns, sessionsRenewed) = (signIns, renewed)
        (self.fingerprint, self.isCut, self.isDone) = (fingerprint, isCut, isDone)
        problem = json["problem"]?.string
    }

    /// Sorted by name, so that two texts can be compared.
    static func object(_ counts: [String: Int]) -> JSON {
        .object(counts.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) })
    }

    private static func counts(_ json: JSON) -> [String: Int]? {
        guard let members = json.object else { return nil }
        let pairs = members.compactMap { name, value in value.int.map { (name, $0) } }
        guard pairs.count == members.count else { return nil }
        return Dictionary(pairs) { first, _ in first }
    }
}

extension LoadWindow {
    fileprivate var json: JSON {
        [
            "index": .integer(Int64(index)), "planned": .integer(Int64(planned)),
            "ok": .integer(Int64(ok)), "notOK": .integer(Int64(notOK)),
            "p50Nanoseconds": .integer(p50), "p99Nanoseconds": .integer(p99),
            "maxNanoseconds": .integer(max),
        ]
    }

    fileprivate init?(json: JSON) {
        guard let index = json["index"]?.int, let planned = json["planned"]?.int,
            let ok = json["ok"]?.int, let notOK = json["notOK"]?.int,
            let p50 = json["p50Nanoseconds"]?.int64, let p99 = json["p99Nanoseconds"]?.int64,
            let max = json["maxNanoseconds"]?.int64
        else { return nil }
        self.init(index: index)
        (self.planned, self.ok, self.notOK) = (planned, ok, notOK)
        (self.p50, self.p99, self.max) = (p50, p99, max)
    }
}
