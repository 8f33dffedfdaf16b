// Routes and policy rules. A rule is looked up for every forwarded packet, so adding or removing
// one takes hold at once, for connections that exist as for new ones.

/// A routing table's number; 254 is `main`.
package struct RouteTable: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let main = RouteTable(rawValue: 254)
}

extension RouteMessage {
    /// The default route by way of a gateway that is on the link though no prefix says so.
    ///
    /// rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type (u8 each), flags u32.
    package static func newDefaultRoute(
        via gateway: IPv4Address, link: Int32, table: RouteTable = .main
    ) -> RouteMessage {
        var message = NetlinkMessage(type: 24, flags: .new)
        message.routeHeader(prefix: 0, table: table, scope: 0, flags: 4)
        message.attribute(RouteAttribute.gateway, gateway)
        message.attribute(RouteAttribute.output, UInt32(bitPattern: link))
        return RouteMessage(
            stage: "route add default via \(gateway) dev \(link) onlink", message: message)
    }

    /// One address straight out of a link.
    package static func newHostRoute(
        _ address: IPv4Address, link: Int32, source: IPv4Address? = nil
    ) -> RouteMessage {
        var message = NetlinkMessage(type: 24, flags: .new)
        message.routeHeader(prefix: 32, table: .main, scope: 253, flags: 0)
        message.attribute(RouteAttribute.destination, address)
        message.attribute(RouteAttribute.output, UInt32(bitPattern: link))
        if let source { message.attribute(RouteAttribute.preferredSource, source) }
        return RouteMessage(stage: "route add \(address)/32 dev \(link)", message: message)
    }
}

/// A policy rule of rtnetlink's fib_rules: which packets, and what becomes of them.
package struct PolicyRule: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case lookup(RouteTable)
        case blackhole
    }

    /// Lower numbers come first; the kernel's own are 0 (local), 32766 and 32767.
    package var priority: UInt32
    package var source: IPv4Address?
    package var destination: IPv4Address?
    package var inputLink: String?
    package var action: Action

    package init(
        priority: UInt32, source: IPv4Address? = nil, destination: IPv4Address? = nil,
        inputLink: String? = nil, action: Action
    ) {
        self.priority = priority
        self.source = source
        self.destination = destination
        self.inputLink = inputLink
        self.action = action
    }
}

extension RouteMessage {
    package static func newRule(_ rule: PolicyRule) -> RouteMessage {
        RouteMessage(stage: "rule add \(rule)", message: rule.message(type: 32, flags: .new))
    }

    package static func deleteRule(_ rule: PolicyRule) -> RouteMessage {
        RouteMessage(stage: "rule delete \(rule)", message: rule.message(type: 33, flags: .change))
    }

    /// Asks for all IPv4 rules.
    static var dumpRules: RouteMessage {
        var message = NetlinkMessage(type: 34, flags: [.request, .dump])
        message.append([familyIPv4, 0, 0, 0, 0, 0, 0, 0])
        message.append(UInt32(0))
        return RouteMessage(stage: "rule list", message: message)
    }
}

extension PolicyRule: CustomStringConvertible {
    package var description: String {
        var words = "priority \(priority)"
        if let source { words += " from \(source)" }
        if let destination { words += " to \(destination)" }
        if let inputLink { words += " iif \(inputLink)" }
        switch action {
        case .blackhole: return words + " blackhole"
        case .lookup(let table): return words + " lookup \(table.rawValue)"
        }
    }

    /// fib_rule_hdr: family, dst_len, src_len, tos, table, res1, res2, action (u8 each), flags u32.
    func message(type: UInt16, flags: NetlinkFlags) -> NetlinkMessage {
        var message = NetlinkMessage(type: type, flags: flags)
        message.append([
            RouteMessage.familyIPv4, destination == nil ? 0 : 32, source == nil ? 0 : 32, 0,
        ])
        message.append([0, 0, 0, action == .blackhole ? Kind.blackhole : Kind.lookup])
        message.append(UInt32(0))
        if let destination { message.attribute(RuleAttribute.destination, destination) }
        if let source { message.attribute(RuleAttribute.source, source) }
        if let inputLink { message.attribute(RuleAttribute.inputLink, inputLink) }
        message.attribute(RuleAttribute.priority, priority)
        if case .lookup(let table) = action {
            message.attribute(RuleAttribute.table, table.rawValue)
        }
        return message
    }

    /// Reads one message of a dump; nil for actions that are not ours.
    init?(_ reply: NetlinkReply) {
        guard reply.type == 32, reply.body.count >= 12 else { return nil }
        let attributes = reply.attributes(after: 12)
        switch reply.body[7] {
        case Kind.blackhole: action = .blackhole
        case Kind.lookup:
            let table = attributes[RuleAttribute.table]?.netlinkNumber ?? UInt32(reply.body[4])
            action = .lookup(RouteTable(rawValue: table))
        default: return nil
        }
        // The kernel leaves the attribute out where the priority is 0.
        priority = attributes[RuleAttribute.priority]?.netlinkNumber ?? 0
        source = attributes[RuleAttribute.source]?.netlinkAddress
        destination = attributes[RuleAttribute.destination]?.netlinkAddress
        inputLink = attributes[RuleAttribute.inputLink]?.netlinkText
    }

    private enum Kind {
        static let lookup: UInt8 = 1
        static let blackhole: UInt8 = 6
    }
}

private enum RouteAttribute {
    static let destination: UInt16 = 1
    static let output: UInt16 = 4
    static let gateway: UInt16 = 5
    static let preferredSource: UInt16 = 7
    static let table: UInt16 = 15
}

private enum RuleAttribute {
    static let destination: UInt16 = 1
    static let source: UInt16 = 2
    static let inputLink: UInt16 = 3
    static let priority: UInt16 = 6
    static let table: UInt16 = 15
}

extension NetlinkMessage {
    fileprivate mutating func routeHeader(
        prefix: UInt8, table: RouteTable, scope: UInt8, flags: UInt32
    ) {
        let isSmall = table.rawValue < 256
        append([RouteMessage.familyIPv4, prefix, 0, 0])
        // Protocol 4: static. Type 1: unicast. Table 0 means "see the attribute".
        append([isSmall ? UInt8(table.rawValue) : 0, 4, scope, 1])
        append(flags)
        if !isSmall { attribute(RouteAttribute.table, table.rawValue) }
    }
}
