// The PROXY protocol (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2): the first bytes of a
// connection say for whom it stands, so that the client's address survives a balancer of streams in
// front of this one.
//
//     v1   PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n       at most 107 bytes
//     v2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A  21  11  00 0C  addresses, ports   (IPv4)
//                                               21  21  00 24                     (IPv6)

package import Linux
import Wire

package enum ProxyGreeting {
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let v1BytesMax = 107
    /// Addresses and extensions of version 2; no more is taken from anyone.
    private static let v2BytesMax = 536

    package enum Reading: Equatable, Sendable {
        /// More bytes are needed.
        case incomplete
        /// No PROXY header: the connection must close (section 2, "must not try to guess").
        case malformed
        /// Its length and whom it names; nil where it names nobody (LOCAL, UNKNOWN, UNIX).
        case header(Int, ClientAddress?)
    }

    package static func read(_ bytes: Span<UInt8>) -> Reading {
        guard !bytes.isEmpty else { return .incomplete }
        return bytes[0] == 0x0D ? readV2(bytes) : readV1(bytes)
    }

    private static func readV1(_ bytes: Span<UInt8>) -> Reading {
        let prefix = Array("PROXY ".utf8)
        for index in 0..<min(prefix.count, bytes.count) where bytes[index] != prefix[index] {
            return .malformed
        }
        var end = 0
        while end + 1 < min(bytes.count, v1BytesMax) {
            if bytes[end] == 0x0D, bytes[end + 1] == 0x0A { break }
            end += 1
        }
        guard end + 1 < bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A else {
            return bytes.count >= v1BytesMax ? .malformed : .incomplete
        }
        guard let line = String(utf8: bytes.extracting(0..<end)) else { return .malformed }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count > 1 else { return .malformed }
        switch words[1] {
        case "UNKNOWN": return .header(end + 2, nil)
        case "TCP4", "TCP6":
            guard let client = client(words) else { return .malformed }
            return .header(end + 2, client)
        default: return .malformed
        }
    }

    /// Both addresses must be of the family that the line names.
    private static func client(_ words: [Substring]) -> ClientAddress? {
        guard words.count == 6, let port = UInt16(words[4]), UInt16(words[5]) != nil else {
            return nil
        }
        let (from, to) = (String(words[2]), String(words[3]))
        if words[1] == "TCP4" {
            guard let ip = IPv4Address(from), IPv4Address(to) != nil else { return nil }
            return .ipv4(SocketAddress(ip: ip, port: port))
        }
        guard let ip = IPv6Address(from), IPv6Address(to) != nil else { return nil }
        return ClientAddress(ip, port: port)
    }

    private static func readV2(_ bytes: Span<UInt8>) -> Reading {
        for index in 0..<min(signature.count, bytes.count) where bytes[index] != signature[index] {
            return .malformed
        }
        guard bytes.count >= 16 else { return .incomplete }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, bytes[12] & 0x0F <= 1, length <= v2BytesMax else {
            return .malformed
        }
        guard bytes.count >= 16 + length else { return .incomplete }
        // LOCAL speaks for the sender itself; what is neither TCP over IPv4 nor over IPv6 is passed over.
        guard bytes[12] & 0x0F == 1 else { return .header(16 + length, nil) }
        switch bytes[13] {
        case 0x11:
            guard length >= 12 else { return .malformed }
            let ip = IPv4Address(rawValue: UInt32(number(bytes, at: 16, count: 4)))
            let port = UInt16(number(bytes, at: 24, count: 2))
            return .header(16 + length, .ipv4(SocketAddress(ip: ip, port: port)))
        case 0x21:
            guard length >= 36 else { return .malformed }
            let ip = IPv6Address(
                high: number(bytes, at: 16, count: 8), low: number(bytes, at: 24, count: 8))
            let port = UInt16(number(bytes, at: 48, count: 2))
            return .header(16 + length, ClientAddress(ip, port: port))
        default: return .header(16 + length, nil)
        }
    }

    /// Bytes in network order.
    private static func number(_ bytes: Span<UInt8>, at start: Int, count: Int) -> UInt64 {
        (start..<start + count).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
}

// MARK: - The writing side

extension ProxyGreeting {
    /// The server's address is mapped where the client's is of the other family: a header has one.
    package static func v1(from client: ClientAddress, to server: SocketAddress) -> [UInt8] {
        let line =
            switch client {
            case .ipv4(let client):
                "TCP4 \(client.ip) \(server.ip) \(client.port) \(server.port)"
            case .ipv6(let ip, let port):
                "TCP6 \(ip) \(IPv6Address(mapping: server.ip)) \(port) \(server.port)"
            }
        return Array("PROXY \(line)\r\n".utf8)
    }

    package static func v2(from client: ClientAddress, to server: SocketAddress) -> [UInt8] {
        var bytes = signature
        let port: UInt16
        switch client {
        case .ipv4(let client):
            bytes += [0x21, 0x11, 0x00, 0x0C] + client.ip.bytes + server.ip.bytes
            port = client.port
        case .ipv6(let ip, let clientPort):
            bytes += [0x21, 0x21, 0x00, 0x24] + ip.bytes + IPv6Address(mapping: server.ip).bytes
            port = clientPort
        }
        for port in [port, server.port] {
            bytes.append(UInt8(port >> 8))
            bytes.append(UInt8(truncatingIfNeeded: port))
        }
        return bytes
    }
}
