// The names of the zone and what is known of each: a table that is searched with the bytes of a query
// as they came, in whatever case, without making a value of them.

package import Blueprint
package import Wire

/// Records of one name and type; they share their time to live (RFC 2181 section 5.2).
package struct RecordSet: Sendable, Equatable {
    package let type: DNSType
    package internal(set) var data: [DNSData]
    /// In seconds.
    package let ttl: UInt32
}

package struct Zone: Sendable {
    package struct Node: Sendable {
        let name: DNSName
        package internal(set) var sets: [RecordSet] = []
        /// Whether an A question is answered by region, weight and health.
        package internal(set) var leadsToEndpoints = false
        /// What every name below it has that is not there itself (RFC 4592).
        package internal(set) var wildcard: [RecordSet] = []

        package func set(of type: DNSType) -> RecordSet? { sets.first { $0.type == type } }
    }

    package enum Found {
        case node(Node)
        /// A name of this zone that is not there.
        case missing
        /// A name of another zone.
        case outside
    }

    package let apex: DNSName
    package private(set) var authority: StartOfAuthority
    private let authorityTTL: UInt32
    /// The addresses of the zone's servers under their names.
    package let nameServerAddresses: [DNSRecord]
    private var nodes: [Node]
    /// Open addressing: the place in `nodes` + 1, or 0; a power of two, at most half full.
    private let slots: [Int32]

    package init(_ settings: GeoDNSSettings) throws(BlueprintError) {
        let builder = try ZoneBuilder(settings)
        apex = builder.apex
        authority = builder.authority
        authorityTTL = builder.staticTTL
        nodes = builder.nodes
        nameServerAddresses = builder.nameServerAddresses
        slots = Self.table(of: nodes)
        putAuthority()
    }

    /// The SOA for "there is no such thing", with the time that this may be remembered (RFC 2308
    /// section 3).
    package var negative: DNSRecord {
        DNSRecord(apex, ttl: min(authorityTTL, authority.minimum), .soa(authority))
    }

    /// Shows that answers have changed.
    package mutating func bumpSerial() {
        authority.serial &+= 1
        putAuthority()
    }

    package func find(_ name: Span<UInt8>) -> Found {
        if let node = node(of: name) { return .node(node) }
        return isWithin(name) ? wildcard(for: name) : .outside
    }

    private func node(of name: Span<UInt8>) -> Node? {
        var slot = Self.hash(name) & (slots.count - 1)
        while slots[slot] != 0 {
            let node = nodes[Int(slots[slot]) - 1]
            if Self.equal(name, node.name.wire) { return node }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The wildcard of the nearest name above, and of no other: a name that is there ends the search
    /// (RFC 4592 section 3.3.1).
    private func wildcard(for name: Span<UInt8>) -> Found {
        var start = 0
        while name.count - start > apex.wire.count {
            start += Int(name[start]) + 1
            guard let encloser = node(of: name.extracting(start...)) else { continue }
            if encloser.wildcard.isEmpty { return .missing }
            return .node(Node(name: encloser.name, sets: encloser.wildcard))
        }
        return .missing
    }

    private mutating func putAuthority() {
        let set = RecordSet(type: .soa, data: [.soa(authority)], ttl: authorityTTL)
        nodes[0].sets.removeAll { $0.type == .soa }
        nodes[0].sets.insert(set, at: 0)
    }

    private func isWithin(_ name: Span<UInt8>) -> Bool {
        var start = 0
        while name.count - start > apex.wire.count { start += Int(name[start]) + 1 }
        return Self.equal(name.extracting(start...), apex.wire)
    }

    private static func table(of nodes: [Node]) -> [Int32] {
        var size = 16
        while size < 2 * nodes.count { size *= 2 }
        var slots = [Int32](repeating: 0, count: size)
        for (index, node) in nodes.enumerated() {
            var slot = hash(node.name.wire.span) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(index + 1)
        }
        return slots
    }

    /// FNV-1a over the name in small letters. Who asks chooses the names, but not those in the table.
    private static func hash(_ name: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in name.indices {
            hash = (hash ^ UInt64(name[index].lowercased)) &* 0x0000_0100_0000_01b3
        }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & Int.max
    }

    /// `stored` is in small letters.
    private static func equal(_ name: Span<UInt8>, _ stored: [UInt8]) -> Bool {
        guard name.count == stored.count else { return false }
        for index in name.indices where name[index].lowercased != stored[index] { return false }
        return true
    }
}
