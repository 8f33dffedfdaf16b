// IPv4 addresses and endpoints. The testbed numbers its nodes in IPv4 alone: one family keeps
// routes, rules and captures easy to read.

import Glibc

/// An IPv4 address; the raw value is in host byte order.
package struct IPv4Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Reads dotted decimal, four parts of at most 255.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), part.allSatisfy(\.isNumber) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        rawValue = value
    }

    package static let any = IPv4Address(0, 0, 0, 0)
    package static let loopback = IPv4Address(127, 0, 0, 1)

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The four bytes in network order.
    package var bytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) }
    }

    package var description: String { bytes.map(String.init).joined(separator: ".") }
}

/// An IPv4 address and a port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package var ip: IPv4Address
    package var port: UInt16

    package init(ip: IPv4Address, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads `10.0.0.1:80`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let ip = IPv4Address(String(text[..<colon])),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        self.init(ip: ip, port: port)
    }

    package var description: String { "\(ip):\(port)" }

    init(_ native: sockaddr_in) {
        self.init(
            ip: IPv4Address(rawValue: UInt32(bigEndian: native.sin_addr.s_addr)),
            port: UInt16(bigEndian: native.sin_port))
    }

    var native: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = ip.rawValue.bigEndian
        return address
    }

    /// Lends the kernel's form of this address for one call.
    func withNative<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = native
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
