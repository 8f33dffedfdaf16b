// Resource records: a name, and what is known about it for how long. The types that the stack serves
// are read; the data of all others is kept as bytes.

package struct DNSQuestion: Hashable, Sendable {
    package var name: DNSName
    package var type: DNSType
    package var questionClass: DNSClass

    package init(_ name: DNSName, _ type: DNSType, _ questionClass: DNSClass = .internet) {
        self.name = name
        self.type = type
        self.questionClass = questionClass
    }
}

package struct DNSRecord: Hashable, Sendable {
    package var name: DNSName
    package var recordClass: DNSClass
    /// In seconds.
    package var ttl: UInt32
    package var data: DNSData

    package init(
        _ name: DNSName, ttl: UInt32, _ data: DNSData, recordClass: DNSClass = .internet
    ) {
        self.name = name
        self.recordClass = recordClass
        self.ttl = ttl
        self.data = data
    }
}

package enum DNSData: Hashable, Sendable {
    /// An IPv4 address, its first byte the highest.
    case a(UInt32)
    /// An IPv6 address, its first byte the highest.
    case aaaa(high: UInt64, low: UInt64)
    case ns(DNSName)
    case cname(DNSName)
    case soa(StartOfAuthority)
    /// Strings of at most 255 bytes each; at least one.
    case txt([[UInt8]])
    case other(DNSType, [UInt8])

    package var type: DNSType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .ns: .ns
        case .cname: .cname
        case .soa: .soa
        case .txt: .txt
        case .other(let type, _): type
        }
    }

    /// Text in as few strings as hold it.
    package static func txt(_ text: String) -> DNSData {
        let bytes = Array(text.utf8)
        let starts = stride(from: 0, to: max(1, bytes.count), by: 255)
        return .txt(starts.map { Array(bytes[$0..<min($0 + 255, bytes.count)]) })
    }
}

/// What a zone says of itself (RFC 1035 section 3.3.13); times are in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    package var primary: DNSName
    package var mailbox: DNSName
    package var serial: UInt32
    package var refresh: UInt32
    package var retry: UInt32
    package var expire: UInt32
    /// How long "there is no such thing" may be remembered (RFC 2308 section 4).
    package var minimum: UInt32

    package init(
        primary: DNSName, mailbox: DNSName, serial: UInt32, refresh: UInt32, retry: UInt32,
        expire: UInt32, minimum: UInt32
    ) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }
}

extension DNSQuestion {
    init(_ cursor: inout DNSCursor) throws(DNSError) {
        name = try cursor.name()
        type = DNSType(rawValue: try cursor.u16())
        questionClass = DNSClass(rawValue: try cursor.u16())
    }
}

extension DNSRecord {
    /// Reads what stands behind name and type.
    init(_ name: DNSName, _ type: DNSType, _ cursor: inout DNSCursor) throws(DNSError) {
        self.name = name
        recordClass = DNSClass(rawValue: try cursor.u16())
        let lifetime = try cursor.u32()
        // With its top bit set it means 0 (RFC 2181 section 8).
        ttl = lifetime > UInt32(Int32.max) ? 0 : lifetime
        let count = Int(try cursor.u16())
        guard count <= cursor.remaining else { throw DNSError(.truncated, at: cursor.offset) }
        let end = cursor.offset + count
        data = try DNSData(type, count: count, &cursor)
        guard cursor.offset == end else { throw DNSError(.malformedData, at: end) }
    }
}

extension DNSData {
    fileprivate init(
        _ type: DNSType, count: Int, _ cursor: inout DNSCursor
    ) throws(DNSError) {
        switch type {
        case .a: self = .a(try cursor.u32())
        case .aaaa: self = .aaaa(high: try cursor.u64(), low: try cursor.u64())
        case .ns: self = .ns(try cursor.name())
        case .cname: self = .cname(try cursor.name())
        case .soa: self = .soa(try StartOfAuthority(&cursor))
        case .txt: self = .txt(try Self.strings(count, &cursor))
        default: self = .other(type, [UInt8](copying: try cursor.raw(count)))
        }
    }

    private static func strings(
        _ count: Int, _ cursor: inout DNSCursor
    ) throws(DNSError) -> [[UInt8]] {
        let end = cursor.offset + count
        var strings: [[UInt8]] = []
        while cursor.offset < end {
            let length = Int(try cursor.u8())
            strings.append([UInt8](copying: try cursor.raw(length)))
        }
        guard !strings.isEmpty else { throw DNSError(.malformedData, at: end) }
        return strings
    }
}

extension StartOfAuthority {
    fileprivate init(_ cursor: inout DNSCursor) throws(DNSError) {
        self.init(
            primary: try cursor.name(), mailbox: try cursor.name(), serial: try cursor.u32(),
            refresh: try cursor.u32(), retry: try cursor.u32(), expire: try cursor.u32(),
            minimum: try cursor.u32())
    }
}
