// For whom a client's connection stands: the peer, or whoever a PROXY header in front of it names, which
// may be an IPv6 client although this tier speaks IPv4.

package import Linux

package enum ClientAddress: Equatable, Sendable, CustomStringConvertible {
    case ipv4(SocketAddress)
    case ipv6(IPv6Address, port: UInt16)

    /// An IPv4 client that an IPv6 socket took in is the same client, and so has one form here.
    package init(_ address: IPv6Address, port: UInt16) {
        if let mapped = address.mapped {
            self = .ipv4(SocketAddress(ip: mapped, port: port))
        } else {
            self = .ipv6(address, port: port)
        }
    }

    /// The address without its port, as `X-Forwarded-For` and logs have it.
    var ip: String {
        switch self {
        case .ipv4(let address): "\(address.ip)"
        case .ipv6(let address, _): "\(address)"
        }
    }

    /// What tells clients apart for rates and hashing; of an IPv6 address the first half, since whoever
    /// has one address of a /64 has them all (RFC 4291 section 2.5.4).
    var network: UInt64 {
        switch self {
        case .ipv4(let address): UInt64(address.ip.rawValue)
        case .ipv6(let address, _): address.high
        }
    }

    package var description: String {
        switch self {
        case .ipv4(let address): "\(address)"
        case .ipv6(let address, let port): "[\(address)]:\(port)"
        }
    }
}
