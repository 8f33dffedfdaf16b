// A gRPC channel that can do one thing: many unary calls at once over one HTTP/2 connection (RFC 9113),
// so that etcd is asked in its own tongue and not by way of its slower JSON gateway.
//
// The server is told to keep no header table (SETTINGS_HEADER_TABLE_SIZE 0) and its headers are not
// read: a call that failed has an answer without a message, which is all that a benchmark has to know.

import Linux
import Reactor

@ReactorActor
final class UnaryChannel {
    typealias Answer = Result<[UInt8], BenchError>

    private let connection: Connection
    private let authority: String
    private var nextStream: UInt32 = 1
    private var calls: [UInt32: (promise: Promise<Answer>, message: [UInt8])] = [:]
    /// Bytes of DATA that the server will still take on this connection, RFC 9113 section 6.9.
    private var credit = 65_535
    private var heldBack: [[UInt8]] = []

    static func open(_ address: SocketAddress, deadline: MonotonicTime) async throws -> UnaryChannel
    {
        let channel = UnaryChannel(
            try await Connection.connect(to: address, deadline: deadline), "\(address)")
        Task { @ReactorActor in await channel.read() }
        return channel
    }

    private init(_ connection: Connection, _ authority: String) {
        self.connection = connection
        self.authority = authority
        // No header table; and a window that no run exhausts.
        connection.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
                + H2Frame(.settings, payload: [0, 1, 0, 0, 0, 0]).bytes
                + H2Frame(.windowUpdate, payload: [0x7F, 0, 0, 0]).bytes)
    }

    /// Calls a method with an encoded message; returns the message of the answer.
    func call(_ path: String, _ message: [UInt8], deadline: MonotonicTime) async throws -> [UInt8] {
        let stream = nextStream
        nextStream += 2
        let promise = Promise<Answer>()
        calls[stream] = (promise, [])
        connection.send(
            H2Frame(.headers, flags: 4, stream: stream, payload: requestHeaders(path)).bytes)
        let count = UInt32(message.count)
        let prefix = [0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        post(H2Frame(.data, flags: 1, stream: stream, payload: prefix + message).bytes)
        guard let answer = await promise.value(deadline: deadline) else {
            calls[stream] = nil
            throw BenchError("\(path): no answer in time")
        }
        return try answer.get()
    }

    func close() { connection.close() }

    private func post(_ data: [UInt8]) {
        guard heldBack.isEmpty, data.count - 9 <= credit else { return heldBack.append(data) }
        credit -= data.count - 9
        connection.send(data)
    }

    /// HPACK (RFC 7541): indexed fields, and literals that nobody indexes.
    private func requestHeaders(_ path: String) -> [UInt8] {
        func literal(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
        return [0x83, 0x86, 0x04] + literal(path) + [0x01] + literal(authority)
            + [0x0F, 0x10] + literal("application/grpc") + [0x00] + literal("te")
            + literal("trailers")
    }

    // MARK: Answers

    private func read() async {
        do {
            while try await connection.receive() {
                while let frame = connection.take({ H2Frame.parse($0) }) { take(frame) }
            }
            fail("the server closed the connection")
        } catch {
            fail("\(error)")
        }
    }

    private func fail(_ reason: String) {
        connection.close()
        for (promise, _) in calls.values { promise.fulfil(.failure(BenchError(reason))) }
        calls = [:]
    }

    private func take(_ frame: H2Frame) {
        switch frame.kind {
        case .data:
            calls[frame.stream]?.message += frame.payload
            if frame.endsStream { finish(frame.stream) }
        case .headers: if frame.endsStream { finish(frame.stream) }
        case .reset: finish(frame.stream)
        case .settings where frame.flags == 0:
            connection.send(H2Frame(.settings, flags: 1).bytes)
        case .ping where frame.flags == 0:
            connection.send(H2Frame(.ping, flags: 1, payload: frame.payload).bytes)
        case .goAway: fail("the server said GOAWAY")
        case .windowUpdate where frame.stream == 0: gain(frame.number)
        default: break
        }
    }

    private func gain(_ bytes: UInt32) {
        credit += Int(bytes)
        let waiting = heldBack
        heldBack = []
        for data in waiting { post(data) }
    }

    private func finish(_ stream: UInt32) {
        guard let (promise, message) = calls.removeValue(forKey: stream) else { return }
        if message.count >= 5 {
            promise.fulfil(.success(Array(message.dropFirst(5))))
        } else {
            promise.fulfil(.failure(BenchError("the call failed")))
        }
    }
}

/// One frame of HTTP/2, RFC 9113 section 4.1.
struct H2Frame {
    enum Kind: UInt8 {
        case data = 0
        case headers = 1
        case reset = 3
        case settings = 4
        case ping = 6
        case goAway = 7
        case windowUpdate = 8
    }

    /// Nil: of no concern here.
    let kind: Kind?
    let flags: UInt8
    let stream: UInt32
    let payload: [UInt8]

    init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, payload: [UInt8] = []) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// Nil while the frame is incomplete.
    static func parse(_ bytes: Span<UInt8>) -> (H2Frame, Int)? {
        guard bytes.count >= 9 else { return nil }
        let length = (0..<3).reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard bytes.count >= 9 + length else { return nil }
        let stream = (5..<9).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) }
        let payload = (9..<9 + length).map { bytes[$0] }
        let frame = H2Frame(
            raw: bytes[3], flags: bytes[4], stream: stream & 0x7FFF_FFFF, payload: payload)
        return (frame, 9 + length)
    }

    private init(raw: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) {
        kind = Kind(rawValue: raw)
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    var endsStream: Bool { flags & 1 != 0 }

    /// The payload as one number of 31 bits.
    var number: UInt32 { payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF }

    var bytes: [UInt8] {
        let length = UInt32(payload.count)
        let head = (0..<3).map { UInt8(truncatingIfNeeded: length >> (16 - 8 * $0)) }
        let tail = (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) }
        return head + [kind?.rawValue ?? 0, flags] + tail + payload
    }
}
