// IPv6 addresses as values and as text. The testbed itself speaks IPv4; these are for what others say of
// themselves: records that a zone serves, clients that a PROXY header names.

/// An IPv6 address; the first byte is the highest of `high`.
package struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address as IPv6 programs show it, `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2).
    package init(mapping address: IPv4Address) {
        high = 0
        low = 0xFFFF_0000_0000 | UInt64(address.rawValue)
    }

    /// The IPv4 address that this one stands for, if it is such a one.
    package var mapped: IPv4Address? {
        guard high == 0, low >> 32 == 0xFFFF else { return nil }
        return IPv4Address(rawValue: UInt32(truncatingIfNeeded: low))
    }

    /// The sixteen bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) }
        }
    }
}

// MARK: - Text

extension IPv6Address {
    /// Reads the forms of RFC 4291 section 2.2: eight groups of hexadecimal digits, of which one run of
    /// zeros may be left out, and the last two may be an IPv4 address.
    package init?(_ text: String) {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count),
            let head = Self.groups(halves[0], isLast: halves.count == 1)
        else { return nil }
        var all = head
        if halves.count == 2 {
            guard let tail = Self.groups(halves[1], isLast: true), head.count + tail.count < 8
            else { return nil }
            all += Array(repeating: 0, count: 8 - head.count - tail.count) + tail
        }
        guard all.count == 8 else { return nil }
        self.init(high: Self.half(all[..<4]), low: Self.half(all[4...]))
    }

    private static func half(_ groups: ArraySlice<UInt16>) -> UInt64 {
        groups.reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    }

    private static func groups(_ text: Substring, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, let address = IPv4Address(String(part)) {
                groups.append(UInt16(truncatingIfNeeded: address.rawValue >> 16))
                groups.append(UInt16(truncatingIfNeeded: address.rawValue))
                continue
            }
            guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }

    /// The one form of RFC 5952 section 4: small letters, no leading zeros, the first of the longest runs
    /// of zeros left out.
    package var description: String {
        if let mapped { return "::ffff:\(mapped)" }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        let run = Self.longestZeros(groups)
        let texts = groups.map { String($0, radix: 16) }
        guard run.count > 1 else { return texts.joined(separator: ":") }
        return texts[..<run.lowerBound].joined(separator: ":") + "::"
            + texts[run.upperBound...].joined(separator: ":")
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > best.count {
                best = start..<index + 1
            }
        }
        return best
    }
}
