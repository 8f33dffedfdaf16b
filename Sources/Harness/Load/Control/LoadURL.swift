// The address of a page to load. Plain HTTP to an IPv4 address: the tool measures servers on this host
// or in its namespaces, where names and certificates would only measure something else.

package import Linux

package struct LoadURL: Equatable, Sendable, CustomStringConvertible {
    package let address: SocketAddress
    /// As in the Host field.
    package let host: String
    /// Path and query, as sent.
    package let target: String

    /// Reads `http://127.0.0.1:8080/path?query`; `localhost` is 127.0.0.1 and the port is 80 unless
    /// given. Nil for anything else.
    package init?(_ text: String) {
        let scheme = "http://"
        guard text.hasPrefix(scheme), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !text.contains("#")
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            let ip = parts[0] == "localhost" ? .loopback : IPv4Address(String(parts[0])),
            let port = parts.count == 2 ? UInt16(parts[1]) : 80, port > 0
        else { return nil }
        let path = rest.dropFirst(authority.count)
        address = SocketAddress(ip: ip, port: port)
        host = String(authority)
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    package var description: String { "http://\(host)\(target)" }
}
