// Blocks of IPv4 addresses as people write them: `10.1.0.0/16`.

/// All addresses that agree in their first bits.
package struct IPv4Network: Hashable, Sendable, CustomStringConvertible {
    /// The bits behind the prefix are 0.
    package let address: IPv4Address
    /// 0...32
    package let prefix: Int

    package init(_ address: IPv4Address, prefix: Int) {
        precondition((0...32).contains(prefix), "IPv4 has 32 bits")
        self.address = IPv4Address(rawValue: address.rawValue & Self.mask(prefix))
        self.prefix = prefix
    }

    /// Reads `10.1.0.0/16`; nil when bits behind the prefix are set, which is most often a slip.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])),
            let prefix = Int(parts[1]), (0...32).contains(prefix)
        else { return nil }
        self.init(address, prefix: prefix)
        guard self.address == address else { return nil }
    }

    package var first: UInt32 { address.rawValue }
    package var last: UInt32 { address.rawValue | ~Self.mask(prefix) }

    package func contains(_ other: IPv4Address) -> Bool {
        (first...last).contains(other.rawValue)
    }

    package var description: String { "\(address)/\(prefix)" }

    private static func mask(_ prefix: Int) -> UInt32 {
        prefix == 0 ? 0 : UInt32.max << UInt32(32 - prefix)
    }
}
