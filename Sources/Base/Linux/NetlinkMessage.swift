// One builder for every netlink message: headers and attributes are appended, and each length is
// patched when its part is closed, so no structure is ever marshalled by hand.
//
//     0      4      6      8        12      16
//     +------+------+------+--------+-------+----------+-----------------+
//     | len  | type | flags| seq    | port  | header   | attributes ...  |   struct nlmsghdr
//     +------+------+------+--------+-------+----------+-----------------+
//     attribute: | len u16 | type u16 | value | padding to 4 |             struct nlattr
//
// Integers are in host byte order, addresses in network order.

/// A netlink message under construction; see netlink(7).
package struct NetlinkMessage: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = []

    /// `port` stays 0: the kernel fills in the socket's own.
    package init(type: UInt16, flags: NetlinkFlags) {
        append(UInt32(0))
        append(type)
        append(flags.rawValue)
        append(UInt32(0))
        append(UInt32(0))
        close()
    }

    /// Appends an integer in host byte order; this and the next are for the fixed headers.
    package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.littleEndian >> Value(shift)))
        }
        close()
    }

    package mutating func append(_ raw: [UInt8]) {
        bytes.append(contentsOf: raw)
        pad()
    }

    package mutating func attribute(_ type: UInt16, _ raw: [UInt8]) {
        nest(type) { $0.append(raw) }
        // The length counts the value alone, without the padding that `append` added.
        let start = bytes.count - 4 - Self.aligned(raw.count)
        patch(UInt16(4 + raw.count), at: start)
    }

    package mutating func attribute(_ type: UInt16, _ value: UInt32) {
        nest(type) { $0.append(value) }
    }

    /// A string attribute with its terminating zero.
    package mutating func attribute(_ type: UInt16, _ text: String) {
        attribute(type, Array(text.utf8) + [0])
    }

    package mutating func attribute(_ type: UInt16, _ address: IPv4Address) {
        attribute(type, address.bytes)
    }

    /// An attribute that holds what the body appends.
    package mutating func nest(_ type: UInt16, _ body: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(type)
        body(&self)
        patch(UInt16(bytes.count - start), at: start)
    }

    /// The number that the acknowledgement repeats.
    mutating func setSequence(_ sequence: UInt32) { patch(sequence, at: 8) }

    private static func aligned(_ count: Int) -> Int { (count + 3) & ~3 }

    private mutating func pad() {
        bytes.append(contentsOf: repeatElement(0, count: Self.aligned(bytes.count) - bytes.count))
        close()
    }

    private mutating func close() { if bytes.count >= 4 { patch(UInt32(bytes.count), at: 0) } }

    private mutating func patch<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<MemoryLayout<Value>.size {
            bytes[offset + index] = UInt8(
                truncatingIfNeeded: value.littleEndian >> Value(8 * index))
        }
    }
}

/// NLM_F_ flags of netlink(7).
package struct NetlinkFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let request = NetlinkFlags(rawValue: 0x001)
    package static let acknowledge = NetlinkFlags(rawValue: 0x004)
    package static let replace = NetlinkFlags(rawValue: 0x100)
    package static let exclusive = NetlinkFlags(rawValue: 0x200)
    package static let create = NetlinkFlags(rawValue: 0x400)
    /// Root and match: all objects of the kind.
    package static let dump = NetlinkFlags(rawValue: 0x300)

    package static let new: NetlinkFlags = [.request, .acknowledge, .create, .exclusive]
    package static let put: NetlinkFlags = [.request, .acknowledge, .create, .replace]
    package static let change: NetlinkFlags = [.request, .acknowledge]
}
