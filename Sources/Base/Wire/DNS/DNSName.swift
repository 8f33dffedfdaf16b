// Domain names in the form in which they are sent: labels with their length in front, and the root's
// empty label at the end.
//
//     3 w w w 9 f a u l t l i n e 4 t e s t 0
//
// Names are compared without regard to the case of ASCII letters (RFC 4343). A length is at most 63
// and so never mistaken for a letter, which lets whole names be compared byte by byte.

package struct DNSName: Sendable {
    /// RFC 1035 section 2.3.4.
    package static let bytesMax = 255
    package static let labelBytesMax = 63

    /// As sent, in the case in which it came: 1...255 bytes.
    package let wire: [UInt8]

    /// Takes bytes that are known to be a whole name.
    init(checked wire: [UInt8]) { self.wire = wire }

    package static let root = DNSName(checked: [0])

    /// Reads `www.faultline.test`, with or without the last dot; letters, digits, `-` and `_` alone.
    package init?(_ text: String) {
        if text == "." {
            self = .root
            return
        }
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        var wire: [UInt8] = []
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        {
            guard (1...Self.labelBytesMax).contains(label.count),
                label.allSatisfy(Self.isPlain)
            else { return nil }
            wire.append(UInt8(label.count))
            wire.append(contentsOf: label)
        }
        wire.append(0)
        guard wire.count <= Self.bytesMax else { return nil }
        self.wire = wire
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The name without its first label; nil for the root.
    package var parent: DNSName? {
        wire[0] == 0 ? nil : DNSName(checked: Array(wire[(Int(wire[0]) + 1)...]))
    }

    /// True for the other name itself and for all names below it.
    package func isWithin(_ other: DNSName) -> Bool {
        var start = 0
        while wire.count - start > other.wire.count { start += Int(wire[start]) + 1 }
        return wire.count - start == other.wire.count
            && wire[start...].elementsEqual(other.wire) { $0.lowercased == $1.lowercased }
    }

    /// In the form that tables are keyed by.
    package var lowercased: DNSName { DNSName(checked: wire.map(\.lowercased)) }
}

extension DNSName: Hashable {
    package static func == (left: DNSName, right: DNSName) -> Bool {
        left.wire.count == right.wire.count
            && left.wire.elementsEqual(right.wire) { $0.lowercased == $1.lowercased }
    }

    package func hash(into hasher: inout Hasher) {
        for byte in wire { hasher.combine(byte.lowercased) }
    }
}

extension DNSName: CustomStringConvertible {
    /// With the last dot, and with what is not plain in the escapes of RFC 1035 section 5.1.
    package var description: String {
        if wire.count == 1 { return "." }
        var text = ""
        var index = 0
        while wire[index] != 0 {
            let end = index + 1 + Int(wire[index])
            for byte in wire[(index + 1)..<end] { text += Self.escaped(byte) }
            text += "."
            index = end
        }
        return text
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"): "\\\(Character(Unicode.Scalar(byte)))"
        case 0x21...0x7E: "\(Character(Unicode.Scalar(byte)))"
        default: "\\\(byte / 100)\(byte / 10 % 10)\(byte % 10)"
        }
    }
}
