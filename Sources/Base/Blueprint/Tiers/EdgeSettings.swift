// What an edge is told: where its content comes from, how much it keeps, and how far it trusts what
// is stale.

package import Linux
import Wire

package struct EdgeSettings: Equatable, Sendable {
    /// Where a miss goes; the next is tried when one cannot be reached.
    package var origins: [NamedAddress]
    /// Edges in front of the origin that all misses go through, each URI always to the same one, so
    /// that the origin sees one request where there are many edges. Empty: none.
    package var shields: [NamedAddress] = []
    /// In bytes, bookkeeping included; past it the least deserving objects go.
    package var memoryLimit = 64 << 20
    /// In bytes; larger content passes through and is not kept.
    package var objectBytesMax = 8 << 20
    /// False: nothing stale is served, whatever origin and clients say.
    package var servesStale = true
    /// Granted where the response says nothing.
    package var staleWhileRevalidate: Duration = .zero
    /// Granted where neither response nor request says anything.
    package var staleIfError: Duration = .seconds(60)
    /// How long answers that cannot be shared keep requests for their URI from waiting in line.
    package var hitForMiss: Duration = .seconds(10)
    /// After a failure of the origin its content is served stale for so long without asking.
    package var errorPause: Duration = .milliseconds(500)
    package var connectTimeout: Duration = .milliseconds(250)
    /// From the request to the head of the answer, and between two pieces of its content.
    package var originTimeout: Duration = .seconds(10)
    /// Further requests of the origin wait for one of these.
    package var originConnectionsMax = 512
    /// Client connections held at once; past it new ones are refused.
    package var connectionsMax = 4096
    /// In bytes of content of one request. It passes through, so this is no matter of memory.
    package var requestBytesMax = 1 << 30
    package var idleTimeout: Duration = .seconds(75)
    /// How long SIGTERM waits for requests in flight.
    package var drainTimeout: Duration = .seconds(5)
    /// Who may purge by address alone.
    package var purgeFrom = [IPv4Network(.loopback, prefix: 8)]
    /// Who knows it may purge from anywhere; empty: nobody may by this.
    package var purgeToken = ""
    package var accessLog = AccessLogForm.off
    /// Lines a second; further requests are counted and not written.
    package var accessLogRate = 1000

    package init(origins: [NamedAddress]) { self.origins = origins }
}

extension EdgeSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "origins", "shields", "memoryLimit", "objectBytesMax", "servesStale",
            "staleWhileRevalidateNanoseconds", "staleIfErrorNanoseconds", "hitForMissNanoseconds",
            "errorPauseNanoseconds", "connectTimeoutNanoseconds", "originTimeoutNanoseconds",
            "originConnectionsMax", "connectionsMax", "requestBytesMax", "idleTimeoutNanoseconds",
            "drainTimeoutNanoseconds", "purgeFrom", "purgeToken", "accessLog", "accessLogRate",
        ])
        self.init(origins: try members.addresses("origins"))
        if origins.isEmpty { throw members.notA("a list of at least one origin", "origins") }
        if members.optional("shields") != nil { shields = try members.addresses("shields") }
        try members.read("memoryLimit", into: &memoryLimit, from: 1 << 16)
        try members.read("objectBytesMax", into: &objectBytesMax, from: 1)
        try members.read("servesStale", into: &servesStale)
        try members.read("staleWhileRevalidate", into: &staleWhileRevalidate)
        try members.read("staleIfError", into: &staleIfError)
        try members.read("hitForMiss", into: &hitForMiss)
        try members.read("errorPause", into: &errorPause)
        try members.read("connectTimeout", into: &connectTimeout)
        try members.read("originTimeout", into: &originTimeout)
        try members.read("originConnectionsMax", into: &originConnectionsMax, from: 1)
        try members.read("connectionsMax", into: &connectionsMax, from: 1)
        try members.read("requestBytesMax", into: &requestBytesMax, from: 0)
        try members.read("idleTimeout", into: &idleTimeout)
        try members.read("drainTimeout", into: &drainTimeout)
        if members.optional("purgeFrom") != nil { purgeFrom = try members.networks("purgeFrom") }
        try members.read("purgeToken", into: &purgeToken)
        try members.read("accessLog", into: &accessLog)
        try members.read("accessLogRate", into: &accessLogRate, from: 1)
    }

    var json: JSON {
        [
            "origins": origins.json, "shields": shields.json, "memoryLimit": memoryLimit.json,
            "objectBytesMax": objectBytesMax.json, "servesStale": .bool(servesStale),
            "staleWhileRevalidateNanoseconds": staleWhileRevalidate.json,
            "staleIfErrorNanoseconds": staleIfError.json,
            "hitForMissNanoseconds": hitForMiss.json, "errorPauseNanoseconds": errorPause.json,
            "connectTimeoutNanoseconds": connectTimeout.json,
            "originTimeoutNanoseconds": originTimeout.json,
            "originConnectionsMax": originConnectionsMax.json,
            "connectionsMax": connectionsMax.json, "requestBytesMax": requestBytesMax.json,
            "idleTimeoutNanoseconds": idleTimeout.json,
            "drainTimeoutNanoseconds": drainTimeout.json,
            "purgeFrom": .array(purgeFrom.map { .string("\($0)") }),
            "purgeToken": .string(purgeToken), "accessLog": .string(accessLog.rawValue),
            "accessLogRate": accessLogRate.json,
        ]
    }
}
