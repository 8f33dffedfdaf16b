// What a balancer is told of how much it may take on: for each backend, in all, and for one client.

import Linux
import Wire

package struct AdmissionSettings: Equatable, Sendable {
    /// Requests that one backend may have in hand.
    package var inFlightMax = 1024
    /// Connections to one backend, in use and kept; a request needs one to itself.
    package var backendConnectionsMax = 1024
    /// Requests that wait for a backend when all are full; further ones get 503 at once.
    package var pendingMax = 1024
    /// Whether the limit on requests in hand follows the latency, and who exceeds it is turned away.
    package var sheds = false
    /// The limit never falls below; it keeps a slow minute from shutting the door.
    package var limitMin = 8
    package var limitMax = 2048
    /// How often the limit is worked out anew.
    package var limitInterval: Duration = .milliseconds(100)
    /// Requests a second of one client, by its `Session` or else its address; 0: without bound.
    package var clientRate = 0
    /// Requests that a quiet client may send at once.
    package var clientBurst = 20
    /// Clients remembered at once; past it the one that was quiet longest is forgotten.
    package var clientsMax = 65_536

    package init() {}
}

extension AdmissionSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "inFlightMax", "backendConnectionsMax", "pendingMax", "sheds", "limitMin", "limitMax",
            "limitIntervalNanoseconds", "clientRate", "clientBurst", "clientsMax",
        ])
        self.init()
        try members.read("inFlightMax", into: &inFlightMax, from: 1)
        try members.read("backendConnectionsMax", into: &backendConnectionsMax, from: 1)
        try members.read("pendingMax", into: &pendingMax, from: 0)
        try members.read("sheds", into: &sheds)
        try members.read("limitMin", into: &limitMin, from: 1)
        try members.read("limitMax", into: &limitMax, from: 1)
        try members.read("limitInterval", into: &limitInterval)
        try members.read("clientRate", into: &clientRate, from: 0)
        try members.read("clientBurst", into: &clientBurst, from: 1)
        try members.read("clientsMax", into: &clientsMax, from: 1)
        guard limitMax >= limitMin else {
            throw BlueprintError(
                member: members.member("limitMax"), problem: .outOfRange(Int64(limitMax)))
        }
        guard limitInterval > .zero else {
            throw BlueprintError(
                member: members.member("limitIntervalNanoseconds"), problem: .outOfRange(0))
        }
    }

    var json: JSON {
        [
            "inFlightMax": inFlightMax.json, "backendConnectionsMax": backendConnectionsMax.json,
            "pendingMax": pendingMax.json, "sheds": .bool(sheds), "limitMin": limitMin.json,
            "limitMax": limitMax.json, "limitIntervalNanoseconds": limitInterval.json,
            "clientRate": clientRate.json, "clientBurst": clientBurst.json,
            "clientsMax": clientsMax.json,
        ]
    }
}
