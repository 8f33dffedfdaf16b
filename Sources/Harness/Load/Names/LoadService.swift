// A service that users find by its name: whom they ask, from where, and at which port it is served.
//
//     {"name": "www.faultline.test", "servers": ["10.1.0.1:5353"], "port": 8080,
//      "sources": ["10.254.1.1", "10.254.2.1"]}

package import Linux
import Wire

package struct LoadService: Equatable, Sendable {
    package var name: String
    /// The name servers; at least one.
    package var servers: [SocketAddress]
    /// Where the service is served, at whatever address the name has.
    package var port: UInt16
    /// One address a group of users, who all have the same number of users; empty: the kernel's choice.
    package var sources: [IPv4Address]

    package init(
        name: String, servers: [SocketAddress], port: UInt16, sources: [IPv4Address]
    ) {
        self.name = name
        self.servers = servers
        self.port = port
        self.sources = sources
    }
}

extension LoadService {
    var json: JSON {
        [
            "name": .string(name), "servers": .array(servers.map { .string("\($0)") }),
            "port": .integer(Int64(port)), "sources": .array(sources.map { .string("\($0)") }),
        ]
    }

    /// Nil when it is not what `json` writes.
    init?(json: JSON) {
        guard let members = json.object, members.count == 4, let name = json["name"]?.string,
            DNSName(name) != nil, let servers = json["servers"]?.array, !servers.isEmpty,
            let port = json["port"]?.int.flatMap(UInt16.init(exactly:)), port > 0,
            let sources = json["sources"]?.array
        else { return nil }
        self.init(
            name: name, servers: servers.compactMap { $0.string.flatMap { SocketAddress($0) } },
            port: port, sources: sources.compactMap { $0.string.flatMap { IPv4Address($0) } })
        guard self.servers.count == servers.count, self.sources.count == sources.count else {
            return nil
        }
    }
}
