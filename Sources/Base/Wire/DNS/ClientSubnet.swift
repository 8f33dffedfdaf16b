// The EDNS option by which a resolver says for whose sake it asks, and the server for whom its answer
// holds (RFC 7871):
//
//     0        2               3              4
//     | family | source prefix | scope prefix | as many bytes as the source prefix takes |

package struct ClientSubnet: Hashable, Sendable {
    package enum Family: UInt16, Sendable {
        case ipv4 = 1
        case ipv6 = 2

        var prefixMax: UInt8 { self == .ipv4 ? 32 : 128 }
    }

    package var family: Family
    /// Bits of the client's address that are told; 0: the client does not want to be known.
    package var sourcePrefix: UInt8
    /// Bits for which an answer holds; 0 in a query.
    package var scopePrefix: UInt8
    /// The address, its first byte the highest; one of IPv4 fills the upper half.
    package var high: UInt64
    package var low: UInt64

    /// An IPv4 network; bits behind the prefix are cleared.
    package init(ipv4 address: UInt32, prefix: UInt8) {
        precondition(prefix <= 32, "IPv4 has 32 bits")
        family = .ipv4
        sourcePrefix = prefix
        scopePrefix = 0
        let mask = prefix == 0 ? 0 : UInt32.max << UInt32(32 - prefix)
        high = UInt64(address & mask) << 32
        low = 0
    }

    /// The address of an IPv4 network; nil for IPv6.
    package var ipv4: UInt32? { family == .ipv4 ? UInt32(high >> 32) : nil }

    /// Bytes of the option behind its code and length.
    var byteCount: Int { 4 + addressByteCount }

    private var addressByteCount: Int { (Int(sourcePrefix) + 7) / 8 }

    /// Reads an option of so many bytes; too few, too many or stray bits are faults (section 7.1.2).
    init(_ cursor: inout DNSCursor, count: Int) throws(DNSError) {
        let start = cursor.offset
        let family = Family(rawValue: try cursor.u16())
        sourcePrefix = try cursor.u8()
        scopePrefix = try cursor.u8()
        guard let family, sourcePrefix <= family.prefixMax, scopePrefix <= family.prefixMax else {
            throw DNSError(.malformedOption, at: start)
        }
        self.family = family
        (high, low) = (0, 0)
        guard count == byteCount else { throw DNSError(.malformedOption, at: start) }
        for index in 0..<addressByteCount {
            let byte = UInt64(try cursor.u8())
            if index < 8 {
                high |= byte << UInt64(56 - 8 * index)
            } else {
                low |= byte << UInt64(120 - 8 * index)
            }
        }
        guard !hasStrayBits else { throw DNSError(.malformedOption, at: start) }
    }

    private var hasStrayBits: Bool {
        let bits = UInt64(sourcePrefix)
        let strayHigh = bits >= 64 ? 0 : high << bits
        let strayLow = bits <= 64 ? low : bits == 128 ? 0 : low << (bits - 64)
        return strayHigh != 0 || strayLow != 0
    }

    func write(to encoder: inout DNSEncoder) {
        encoder.write(u16: family.rawValue)
        encoder.write(u8: sourcePrefix)
        encoder.write(u8: scopePrefix)
        for index in 0..<addressByteCount {
            let half = index < 8 ? high : low
            encoder.write(u8: UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * (index % 8))))
        }
    }
}
