// The bytes of each rtnetlink message, structure by structure, as the kernel's headers lay them
// out (linux/netlink.h, if_link.h, if_addr.h, rtnetlink.h, neighbour.h, fib_rules.h), on a
// little-endian machine.

import Testing

@testable import Linux

struct NetlinkMessageTests {
    /// Lines of hex, each with a comment after the bytes.
    private func bytes(_ lines: [String]) throws -> [UInt8] {
        try lines.flatMap { line in
            try line.prefix { $0 != "|" }.split(separator: " ").map {
                try #require(UInt8($0, radix: 16))
            }
        }
    }

    private let node = IPv4Address(10, 0, 0, 1)
    private let other = IPv4Address(10, 0, 0, 2)
    private let gateway = IPv4Address(169, 254, 0, 1)

    @Test func `a veth pair`() throws {
        let message = RouteMessage.newVeth(
            LinkEnd(name: "app-1", index: 100, address: LinkAddress(kind: 1, node)),
            peer: LinkEnd(name: "eth0", index: 2, address: LinkAddress(kind: 2, node)),
            peerNamespace: 9)
        let expected = try bytes([
            "7C 00 00 00 10 00 05 06 00 00 00 00 00 00 00 00 | nlmsghdr: 124, RTM_NEWLINK, new",
            "00 00 00 00 64 00 00 00 01 00 00 00 01 00 00 00 | ifinfomsg: 100, up, change up",
            "0A 00 03 00 61 70 70 2D 31 00 00 00             | IFLA_IFNAME app-1",
            "0A 00 01 00 02 01 0A 00 00 01 00 00             | IFLA_ADDRESS",
            "44 00 12 00                                     | IFLA_LINKINFO, 68",
            "08 00 01 00 76 65 74 68                         | IFLA_INFO_KIND veth",
            "38 00 02 00                                     | IFLA_INFO_DATA, 56",
            "34 00 01 00                                     | VETH_INFO_PEER, 52",
            "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 | ifinfomsg: 2, flags as they are",
            "09 00 03 00 65 74 68 30 00 00 00 00             | IFLA_IFNAME eth0",
            "0A 00 01 00 02 02 0A 00 00 01 00 00             | IFLA_ADDRESS",
            "08 00 1C 00 09 00 00 00                         | IFLA_NET_NS_FD 9",
        ])
        #expect(hex(message.message.bytes) == hex(expected))
    }

    @Test func `a link that comes up, and one that goes`() throws {
        let up = try bytes([
            "20 00 00 00 10 00 05 00 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_NEWLINK, acknowledge",
            "00 00 00 00 07 00 00 00 01 00 00 00 01 00 00 00 | ifinfomsg: 7, IFF_UP, change IFF_UP",
        ])
        #expect(hex(RouteMessage.linkUp(index: 7).message.bytes) == hex(up))
        let gone = try bytes([
            "20 00 00 00 11 00 05 00 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_DELLINK",
            "00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00 | ifinfomsg: 7",
        ])
        #expect(hex(RouteMessage.deleteLink(index: 7).message.bytes) == hex(gone))
    }

    @Test func `an address`() throws {
        let expected = try bytes([
            "28 00 00 00 14 00 05 05 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_NEWADDR, replace",
            "02 20 00 00 02 00 00 00                         | ifaddrmsg: AF_INET, /32, index 2",
            "08 00 02 00 0A 00 00 01                         | IFA_LOCAL",
            "08 00 01 00 0A 00 00 01                         | IFA_ADDRESS",
        ])
        #expect(hex(RouteMessage.putAddress(node, link: 2).message.bytes) == hex(expected))
    }

    @Test func `a default route on the link`() throws {
        let expected = try bytes([
            "2C 00 00 00 18 00 05 06 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_NEWROUTE, new",
            "02 00 00 00 FE 04 00 01 04 00 00 00             | rtmsg: main, static, unicast, onlink",
            "08 00 05 00 A9 FE 00 01                         | RTA_GATEWAY",
            "08 00 04 00 02 00 00 00                         | RTA_OIF 2",
        ])
        let message = RouteMessage.newDefaultRoute(via: gateway, link: 2)
        #expect(hex(message.message.bytes) == hex(expected))
    }

    @Test func `a route in a table past 255`() throws {
        let expected = try bytes([
            "34 00 00 00 18 00 05 06 00 00 00 00 00 00 00 00 | nlmsghdr",
            "02 00 00 00 00 04 00 01 04 00 00 00             | rtmsg: RT_TABLE_UNSPEC",
            "08 00 0F 00 2C 01 00 00                         | RTA_TABLE 300",
            "08 00 05 00 A9 FE 00 01                         | RTA_GATEWAY",
            "08 00 04 00 0A 00 00 00                         | RTA_OIF 10",
        ])
        let message = RouteMessage.newDefaultRoute(
            via: gateway, link: 10, table: RouteTable(rawValue: 300))
        #expect(hex(message.message.bytes) == hex(expected))
    }

    @Test func `a host route with a source`() throws {
        let expected = try bytes([
            "34 00 00 00 18 00 05 06 00 00 00 00 00 00 00 00 | nlmsghdr",
            "02 20 00 00 FE 04 FD 01 00 00 00 00             | rtmsg: /32, scope link",
            "08 00 01 00 0A 00 00 01                         | RTA_DST",
            "08 00 04 00 64 00 00 00                         | RTA_OIF 100",
            "08 00 07 00 A9 FE 00 01                         | RTA_PREFSRC",
        ])
        let message = RouteMessage.newHostRoute(node, link: 100, source: gateway)
        #expect(hex(message.message.bytes) == hex(expected))
    }

    @Test func `a permanent neighbour`() throws {
        let expected = try bytes([
            "30 00 00 00 1C 00 05 05 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_NEWNEIGH, replace",
            "02 00 00 00 64 00 00 00 80 00 00 00             | ndmsg: 100, NUD_PERMANENT",
            "08 00 01 00 0A 00 00 01                         | NDA_DST",
            "0A 00 02 00 02 02 0A 00 00 01 00 00             | NDA_LLADDR, padded",
        ])
        let message = RouteMessage.putNeighbour(
            node, at: LinkAddress(kind: 2, node), link: 100)
        #expect(hex(message.message.bytes) == hex(expected))
    }

    @Test func `a rule that cuts one direction`() throws {
        let expected = try bytes([
            "34 00 00 00 20 00 05 06 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_NEWRULE, new",
            "02 20 20 00 00 00 00 06 00 00 00 00             | fib_rule_hdr: FR_ACT_BLACKHOLE",
            "08 00 01 00 0A 00 00 02                         | FRA_DST",
            "08 00 02 00 0A 00 00 01                         | FRA_SRC",
            "08 00 06 00 64 00 00 00                         | FRA_PRIORITY 100",
        ])
        let rule = PolicyRule(priority: 100, source: node, destination: other, action: .blackhole)
        #expect(hex(RouteMessage.newRule(rule).message.bytes) == hex(expected))
    }

    @Test func `a rule by input link, to be removed`() throws {
        let expected = try bytes([
            "38 00 00 00 21 00 05 00 00 00 00 00 00 00 00 00 | nlmsghdr: RTM_DELRULE",
            "02 00 00 00 00 00 00 01 00 00 00 00             | fib_rule_hdr: FR_ACT_TO_TBL",
            "0C 00 03 00 69 6D 70 61 69 72 30 00             | FRA_IIFNAME impair0",
            "08 00 06 00 C8 00 00 00                         | FRA_PRIORITY 200",
            "08 00 0F 00 FE 00 00 00                         | FRA_TABLE main",
        ])
        let rule = PolicyRule(priority: 200, inputLink: "impair0", action: .lookup(.main))
        #expect(hex(RouteMessage.deleteRule(rule).message.bytes) == hex(expected))
    }

    @Test(arguments: [
        PolicyRule(
            priority: 100, source: IPv4Address(10, 0, 0, 1), destination: IPv4Address(10, 0, 0, 2),
            action: .blackhole),
        PolicyRule(priority: 200, inputLink: "impair0", action: .lookup(.main)),
        PolicyRule(
            priority: 300, source: IPv4Address(10, 0, 0, 1),
            action: .lookup(RouteTable(rawValue: 300))),
    ])
    func `a rule reads back as it was written`(rule: PolicyRule) throws {
        let written = RouteMessage.newRule(rule).message.bytes
        let reply = try #require(NetlinkReply.parse(written.span).first)
        #expect(PolicyRule(reply) == rule)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}

struct NetlinkReplyTests {
    /// NLMSG_ERROR for EEXIST with NLMSGERR_ATTR_MSG "taken", capped acknowledgement.
    private let refusal: [UInt8] = [
        48, 0, 0, 0, 2, 0, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0,  // nlmsghdr: sequence 5
        0xEF, 0xFF, 0xFF, 0xFF,  // nlmsgerr: -17
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // the request's header
        10, 0, 1, 0, 0x74, 0x61, 0x6B, 0x65, 0x6E, 0, 0, 0,  // "taken"
    ]

    @Test func `a refusal has a number and words`() throws {
        let reply = try #require(NetlinkReply.parse(refusal.span).first)
        #expect(reply.sequence == 5)
        #expect(reply.errorNumber == 17)
        #expect(reply.explanation == "taken")
    }

    @Test func `two messages in a datagram are both read`() {
        let both = refusal + refusal
        #expect(NetlinkReply.parse(both.span).count == 2)
    }

    @Test func `a datagram cut anywhere yields no message and no trap`() {
        for length in 0..<refusal.count {
            #expect(NetlinkReply.parse(refusal.span.extracting(0..<length)).isEmpty)
        }
    }

    @Test func `an attribute that claims too much ends the walk`() {
        let body: [UInt8] = [8, 0, 1, 0, 1, 2, 3, 4, 200, 0, 2, 0, 9]
        #expect(NetlinkReply.attributes(in: body.span, from: 0) == [1: [1, 2, 3, 4]])
    }

    @Test func `a message that claims no length ends the walk`() {
        let zeros = [UInt8](repeating: 0, count: 64)
        #expect(NetlinkReply.parse(zeros.span).isEmpty)
    }
}
