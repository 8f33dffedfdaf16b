// The fields that a proxy acts on, told apart once as a head is read. The length of a name tells it
// apart from nearly all others before any byte is compared.

package enum HTTPFieldKind: UInt8, Sendable {
    case other
    case host, contentLength, transferEncoding, connection
    case keepAlive, proxyConnection, te, trailer, upgrade, expect
    case via, forwardedFor, requestID, priority, deadline, session, idempotencyKey

    package init(_ name: Span<UInt8>) {
        self =
            switch name.count {
            case 2 where name.equalsIgnoringCase("te"): .te
            case 3 where name.equalsIgnoringCase("via"): .via
            case 4 where name.equalsIgnoringCase("host"): .host
            case 6 where name.equalsIgnoringCase("expect"): .expect
            case 7: Self.ofSeven(name)
            case 10: Self.ofTen(name)
            case 12 where name.equalsIgnoringCase("x-request-id"): .requestID
            case 14 where name.equalsIgnoringCase("content-length"): .contentLength
            case 15 where name.equalsIgnoringCase("x-forwarded-for"): .forwardedFor
            case 15 where name.equalsIgnoringCase("idempotency-key"): .idempotencyKey
            case 16 where name.equalsIgnoringCase("proxy-connection"): .proxyConnection
            case 17 where name.equalsIgnoringCase("transfer-encoding"): .transferEncoding
            case 21 where name.equalsIgnoringCase("x-request-deadline-ms"): .deadline
            default: .other
            }
    }

    private static func ofSeven(_ name: Span<UInt8>) -> HTTPFieldKind {
        if name.equalsIgnoringCase("session") { return .session }
        if name.equalsIgnoringCase("upgrade") { return .upgrade }
        return name.equalsIgnoringCase("trailer") ? .trailer : .other
    }

    private static func ofTen(_ name: Span<UInt8>) -> HTTPFieldKind {
        if name.equalsIgnoringCase("connection") { return .connection }
        if name.equalsIgnoringCase("keep-alive") { return .keepAlive }
        return name.equalsIgnoringCase("x-priority") ? .priority : .other
    }

    /// Whether it says where the message ends or whether another follows.
    package var isFraming: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .connection: true
        default: false
        }
    }

    /// Whether it concerns one connection alone (RFC 9110 section 7.6.1).
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade: true
        default: false
        }
    }
}
