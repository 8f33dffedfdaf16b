// The rtnetlink messages that a testbed needs, as pure values: links, addresses, routes, policy
// rules and neighbours. See rtnetlink(7); each function draws the fixed header that it fills.

/// A message and the words that name it in an error.
package struct RouteMessage: Equatable, Sendable {
    package let stage: String
    package var message: NetlinkMessage
}

/// A hardware address; ours are locally administered.
package struct LinkAddress: Hashable, Sendable {
    package let bytes: [UInt8]

    /// `02:kind:a:b:c:d`: the kind tells the two ends apart, the rest is the node's address.
    package init(kind: UInt8, _ address: IPv4Address) { bytes = [0x02, kind] + address.bytes }

    package init?(bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.bytes = bytes
    }
}

/// One end of a veth pair.
package struct LinkEnd: Sendable {
    /// At most 15 bytes.
    package var name: String
    /// Chosen by us, so that later messages need no lookup.
    package var index: Int32
    package var address: LinkAddress

    package init(name: String, index: Int32, address: LinkAddress) {
        precondition(name.utf8.count <= 15, "an interface name has at most 15 bytes")
        precondition(index > 0, "an interface number is positive")
        self.name = name
        self.index = index
        self.address = address
    }
}

extension RouteMessage {
    /// Makes a veth pair, the peer in the namespace of a descriptor. The first end comes up; the
    /// peer cannot yet, since at that moment it has no partner (veth_open answers ENOTCONN).
    ///
    /// ifinfomsg: family u8, pad u8, type u16, index i32, flags u32, change u32; see veth(4).
    package static func newVeth(
        _ end: LinkEnd, peer: LinkEnd, peerNamespace: Int32
    ) -> RouteMessage {
        var message = NetlinkMessage(type: 16, flags: .new)
        message.linkHeader(index: end.index, flags: 1)
        message.attribute(LinkAttribute.name, end.name)
        message.attribute(LinkAttribute.address, end.address.bytes)
        message.nest(LinkAttribute.info) { info in
            info.attribute(1, Array("veth".utf8))
            info.nest(2) { data in
                data.nest(1) { nested in
                    nested.linkHeader(index: peer.index, flags: 0)
                    nested.attribute(LinkAttribute.name, peer.name)
                    nested.attribute(LinkAttribute.address, peer.address.bytes)
                    nested.attribute(
                        LinkAttribute.namespace, UInt32(bitPattern: peerNamespace))
                }
            }
        }
        return RouteMessage(stage: "link add \(end.name) type veth", message: message)
    }

    /// Sets IFF_UP.
    package static func linkUp(index: Int32) -> RouteMessage {
        var message = NetlinkMessage(type: 16, flags: .change)
        message.linkHeader(index: index, flags: 1)
        return RouteMessage(stage: "link set \(index) up", message: message)
    }

    /// Asks for one link.
    static func getLink(index: Int32) -> RouteMessage {
        var message = NetlinkMessage(type: 18, flags: .change)
        message.linkHeader(index: index, flags: 0)
        return RouteMessage(stage: "link show \(index)", message: message)
    }

    /// Removes a link; of a veth pair, both ends.
    package static func deleteLink(index: Int32) -> RouteMessage {
        var message = NetlinkMessage(type: 17, flags: .change)
        message.linkHeader(index: index, flags: 0)
        return RouteMessage(stage: "link delete \(index)", message: message)
    }

    /// ifaddrmsg: family u8, prefix length u8, flags u8, scope u8, index u32.
    package static func putAddress(_ address: IPv4Address, link: Int32) -> RouteMessage {
        var message = NetlinkMessage(type: 20, flags: .put)
        message.append([familyIPv4, 32, 0, 0])
        message.append(link)
        message.attribute(2, address)
        message.attribute(1, address)
        return RouteMessage(stage: "address replace \(address)/32 dev \(link)", message: message)
    }

    /// A permanent neighbour: no ARP, so nothing to lose and nothing to wait for.
    ///
    /// ndmsg: family u8, pad u8, pad u16, index i32, state u16, flags u8, type u8.
    package static func putNeighbour(
        _ address: IPv4Address, at hardware: LinkAddress, link: Int32
    ) -> RouteMessage {
        var message = NetlinkMessage(type: 28, flags: .put)
        message.append([familyIPv4, 0, 0, 0])
        message.append(link)
        message.append(UInt16(0x80))
        message.append([0, 0])
        message.attribute(1, address)
        message.attribute(2, hardware.bytes)
        return RouteMessage(stage: "neighbour replace \(address) dev \(link)", message: message)
    }

    static let familyIPv4: UInt8 = 2
}

enum LinkAttribute {
    static let address: UInt16 = 1
    static let name: UInt16 = 3
    static let operationalState: UInt16 = 16
    static let info: UInt16 = 18
    static let namespace: UInt16 = 28
}

extension NetlinkMessage {
    /// `struct ifinfomsg` with family and type unspecified; flags are changed where they are set.
    mutating func linkHeader(index: Int32, flags: UInt32) {
        append(UInt32(0))
        append(index)
        append(flags)
        append(flags)
    }
}
