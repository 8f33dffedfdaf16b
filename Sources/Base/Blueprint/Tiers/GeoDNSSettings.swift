// What a DNS server is told: its zone, the endpoints that its answers lead to, which client belongs to
// which region, and how it finds out who is healthy.

package import Linux
import Wire

/// How an endpoint is asked whether it is healthy.
package enum HealthCheckKind: String, CaseIterable, Sendable {
    /// A GET is answered with a status of the 200s.
    case http
    /// A connection is accepted.
    case tcp
    /// Not at all: every endpoint counts as healthy.
    case none
}

package struct GeoDNSSettings: Equatable, Sendable {
    /// The zone's name, as `faultline.test`; it and `www` below it lead to the endpoints.
    package var zone: String
    /// The servers of the zone, this one among them.
    package var nameServers: [NamedAddress]
    package var regions: [GeoRegion]
    package var endpoints: [GeoEndpoint]
    package var records: [GeoRecord] = []
    /// How long answers that lead to endpoints may be kept, in whole seconds on the wire.
    package var ttl: Duration = .seconds(2)
    /// How long all other records may be kept.
    package var staticTTL: Duration = .seconds(60)
    /// Addresses in one answer.
    package var answersMax = 4
    package var check = HealthCheckKind.http
    /// Of endpoints that have none of their own.
    package var checkPath = "/health/ready"
    package var checkInterval: Duration = .milliseconds(500)
    /// Below `checkInterval`, so that checks of one endpoint never overlap.
    package var checkTimeout: Duration = .milliseconds(400)
    /// Good checks in a row before an endpoint that was out is answered again.
    package var rise = 2
    /// Bad checks in a row before it is not.
    package var fall = 2
    /// Where the server tells over HTTP how it is, beside the port for DNS.
    package var statusPort: UInt16
    /// The largest datagram sent, in bytes: one that no network in use fragments (RFC 9715).
    package var payloadMax = 1232
    /// TCP clients at a time; further ones are closed as they come.
    package var connectionsMax = 256
    /// Time without a query after which a TCP client is closed (RFC 7766 section 6.2.3).
    package var idleTimeout: Duration = .seconds(10)

    package init(
        zone: String, nameServers: [NamedAddress], regions: [GeoRegion],
        endpoints: [GeoEndpoint], statusPort: UInt16
    ) {
        self.zone = zone
        self.nameServers = nameServers
        self.regions = regions
        self.endpoints = endpoints
        self.statusPort = statusPort
    }
}

/// Where clients are, and where else they are sent.
package struct GeoRegion: Equatable, Sendable {
    package var name: String
    /// The clients of the region by address; the longest network that holds one decides.
    package var networks: [IPv4Network]
    /// The other regions, the nearest first.
    package var fallbacks: [String]

    package init(name: String, networks: [IPv4Network], fallbacks: [String]) {
        self.name = name
        self.networks = networks
        self.fallbacks = fallbacks
    }
}

/// One address that an answer may bring.
package struct GeoEndpoint: Equatable, Sendable {
    package var name: String
    package var address: SocketAddress
    package var region: String
    /// How often it comes first, against the others of its region.
    package var weight = 1
    /// Where this one says whether it is ready, if not where all do.
    package var checkPath: String?

    package init(name: String, address: SocketAddress, region: String) {
        self.name = name
        self.address = address
        self.region = region
    }
}

/// A record that is the same for everybody.
package struct GeoRecord: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case a = "A"
        case aaaa = "AAAA"
        case txt = "TXT"
    }

    /// Relative to the zone, as `docs`.
    package var name: String
    package var kind: Kind
    package var value: String

    package init(name: String, kind: Kind, value: String) {
        self.name = name
        self.kind = kind
        self.value = value
    }
}
